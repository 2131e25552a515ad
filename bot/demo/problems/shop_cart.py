"""A discounted cart differs from its invoice by a cent."""

from __future__ import annotations

from bot.demo.moves import commit, look_at, replace, run_tests
from bot.model.script import Problem

_SUBJECT = "Round discounts once per line"

SHOP_CART = Problem(
    name="shop-cart",
    title="Discounted carts differ from the invoice by a cent",
    channel="shop",
    repository="shop-cart",
    mention="shop-cart: a total with a discount is one cent below the invoice (12 pencils, 10 % off), why?",
    moves=(
        run_tests("I run the tests first: do they know about it?", expected="528 != 529"),
        look_at(
            "They do: 12 pencils come to 528 instead of 529 cents. I look at how the total is made and at "
            "the rule for discounts.",
            "cart/totals.py",
            "README.md",
        ),
        replace(
            "The discount is rounded for one piece and then multiplied, twelve rounding errors instead of "
            "one. The rule is to round once, on the amount of the line.",
            path="cart/totals.py",
            old="return (line.unit_cents - discount(line.unit_cents, line.discount_percent)) * line.quantity",
            new=(
                "amount = line.unit_cents * line.quantity\n"
                "    return amount - discount(amount, line.discount_percent)"
            ),
        ),
        run_tests("Now the tests again, all of them.", expected="\nOK"),
        commit("Everything passes. I commit the change.", subject=_SUBJECT),
    ),
    answer=f"""\
The cart shows what the invoice shows: 12 pencils at 0.49 with 10 % off are 5.29.

**Cause.** `line_total` rounded the discount of a single piece (4.9 cents to 5) and multiplied it by twelve: \
60 cents off instead of 59. The rule in the README is to round once, on the amount of the line.

**Change.** `cart/totals.py`: the discount is taken from price times quantity.

**Evidence**
- `python3 -m unittest` before: 5 tests, 2 failures, `528 != 529`
- `python3 -m unittest` after: 5 tests, OK

**Commit** `{{commit}}` {_SUBJECT}

Lines with one piece cost what they did before; lines with several discounted pieces may change by cents.""",
)
