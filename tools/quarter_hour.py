"""Mailchimp schedules on the quarter of an hour. Pure functions.

https://mailchimp.com/developer/marketing/api/campaigns/schedule-campaign/
"""

from datetime import timedelta

QUARTER = timedelta(minutes=15)


def is_quarter(moment):
    """Tell whether Mailchimp takes a time."""
    return moment == next_quarter(moment)


def next_quarter(moment):
    """Return the first quarter of an hour that is not before a time."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return hour - (hour - moment) // QUARTER * QUARTER
