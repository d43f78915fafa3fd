"""A/B tests: what is compared, in which combinations, and who gets them."""

from itertools import product

LISTS = {
    "subject_line": "subject_lines",
    "send_time": "send_times",
    "from_name": "from_names",
    "reply_to": "reply_to_addresses",
    "content_description": "contents",
}
MOST = 8


def compare(campaign, subjects=(), labels=(), winner=None, **options):
    """Make an A/B test of a campaign, of its subject, its content, or both.

    :param labels: what the contents are called; each says so in the mail
    :param int winner: number of the combination that won
    :param options: further ``variate_settings``
    """
    campaign.type, campaign.winner = "variate", winner
    campaign.extras["variate_settings"] = {
        "subject_lines": list(subjects),
        "test_size": 20,
        "wait_time": 240,
        "winner_criteria": "clicks",
        **options,
    }
    campaign.variants = [
        {
            "content_label": label,
            "html": f"<p>{label}</p>{campaign.html}",
            "plain_text": f"{label}\n{campaign.plain_text}",
        }
        for label in labels or ("The only one",)
    ]
    campaign.html = campaign.plain_text = ""


def settings(campaign):
    """:return dict: the ``variate_settings`` of a campaign, as Mailchimp shows them"""
    asked = campaign.extras["variate_settings"]
    lists = {name: list(asked.get(name, ())) for name in LISTS.values()}
    lists["contents"] = [one["content_label"] for one in campaign.variants]
    combinations = _combinations(campaign, lists, asked.get("test_size", 100))
    won = combinations[campaign.winner]["id"] if campaign.winner is not None else ""
    return {
        **asked,
        **lists,
        "combinations": combinations,
        "winning_combination_id": won,
        "winning_campaign_id": "",
    }


def _combinations(campaign, lists, size):
    # Sender and reply address belong together.
    free = [name for name in LISTS if name != "reply_to"]
    places = product(*(range(len(lists[LISTS[name]]) or 1) for name in free))
    rows = [dict(zip(free, place, strict=True)) for place in places][:MOST]
    each = len(campaign.recipients) * size // 100 // len(rows)
    return [
        {
            "id": f"{campaign.id}{number:02}",
            **row,
            "reply_to": row["from_name"],
            "recipients": each,
        }
        for number, row in enumerate(rows)
    ]
