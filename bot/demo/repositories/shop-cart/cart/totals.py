"""What a cart costs, in cents."""


def line_total(line):
    """The price of a line after its discount."""
    return (line.unit_cents - discount(line.unit_cents, line.discount_percent)) * line.quantity


def cart_total(lines):
    """The price of all lines."""
    return sum(line_total(line) for line in lines)


def discount(cents, percent):
    """The discount on an amount, rounded half up."""
    return (cents * percent + 50) // 100
