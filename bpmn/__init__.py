"""Procedures as data: diagrams, decision tables, forms, scenarios, profiles, calendars, subjects."""
