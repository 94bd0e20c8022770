"""What this house asks on top of the standard, before a diagram may go live."""
