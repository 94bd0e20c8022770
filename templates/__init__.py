"""Document templates as data: their Jinja2 sources, forms and sample data."""
