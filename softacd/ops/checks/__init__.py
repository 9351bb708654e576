"""What the types cannot say: that names exist, numbers are free, addresses are addresses and every flow ends.

Each check reads a draft and notes problems in it; none stops at the first.
"""

from softacd.ops.checks.crm import check_crm
from softacd.ops.checks.customers import check_customers
from softacd.ops.checks.dial_plan import check_dial_plan
from softacd.ops.checks.flows import check_flows
from softacd.ops.checks.house import check_house
from softacd.ops.checks.mail import check_mail
from softacd.ops.checks.network import check_network
from softacd.ops.checks.people import check_people
from softacd.ops.checks.sounds import check_sounds
from softacd.ops.checks.trunks import check_trunks
from softacd.ops.checks.voices import check_voices
from softacd.ops.draft import Draft

__all__ = ["check_draft"]

CHECKS = (
    check_network,
    check_trunks,
    check_people,
    check_dial_plan,
    check_customers,
    check_crm,
    check_flows,
    check_house,
    check_sounds,
    check_voices,
    check_mail,
)


def check_draft(draft: Draft) -> None:
    """Run every check."""
    for check in CHECKS:
        check(draft)
