"""The recorded problems, in the order in which they are best tried.

The first two are of one kind in two services: whoever plays the second after the first sees memory at work.
"""

from bot.demo.problems.log_rotate import LOG_ROTATE
from bot.demo.problems.orders_import import ORDERS_IMPORT
from bot.demo.problems.returns_import import RETURNS_IMPORT
from bot.demo.problems.shop_cart import SHOP_CART

PROBLEMS = (ORDERS_IMPORT, RETURNS_IMPORT, SHOP_CART, LOG_ROTATE)
