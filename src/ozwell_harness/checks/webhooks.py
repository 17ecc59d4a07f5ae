"""Judgements on webhooks among one another: what was to be told of, what was received, and how often.

Source: Standard Webhooks 1.0, and the API Integration Documentation of Open WebUI, Webhook Integration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ozwell_harness.checks.base import shown
from ozwell_harness.checks.webhook_letters import seconds_of
from ozwell_harness.checks.webhook_subjects import Owed, Told, data_of, event_of, name_of, telling_of, text_of
from ozwell_harness.model import Delivery, Deviation, Exchange, Unjudgeable
from ozwell_harness.webhooks.listening import REDIRECTED, UNAVAILABLE

#: Seconds from an answer to the first attempt to tell of it.
IN_TIME_S = 10.0
#: Attempts so many seconds apart cannot have been made in the same second, nor in the next one to it.
_APART_S = 1.9


@dataclass(frozen=True, slots=True)
class Inbox:
    """What was received, in the order of arrival, and what for.

    Attributes:
        owed: what was to be told of.
        events: the subscribed ones.
        elsewhere: the path that a redirect pointed to.
    """

    deliveries: tuple[Delivery, ...]
    owed: Owed
    events: tuple[str, ...]
    elsewhere: str

    def told(self, exchange: Exchange) -> Told:
        """Return what is to be told of an answer.

        Raises:
            Unjudgeable: nothing.
        """
        found = next((told for told in self.owed if told.exchange.id == exchange.id), None)
        if found is None:
            raise Unjudgeable("it is nothing that a webhook tells of")
        return found

    def after(self, delivery: Delivery) -> tuple[Delivery, ...]:
        """What arrived later than ``delivery``."""
        return tuple(one for one in self.deliveries if one.id > delivery.id)


def is_complete(owed: Owed, events: Sequence[str], deliveries: Sequence[Delivery]) -> bool:
    """Tell whether everything owed has been told of, and everything refused has been sent again, and taken."""
    told = all(any(one.accepted for one in telling_of(answer, deliveries)) for answer in owed if answer.event in events)
    return told and all(one.accepted or any(later.accepted for later in _again(one, deliveries)) for one in deliveries)


def are_told_of(exchanges: Sequence[Exchange], event: str, inbox: Inbox) -> Deviation | None:
    """As many webhooks of an event as answers that they are to tell of; others' may be among them.

    Webhooks that do not say what they are count: that is reported elsewhere.
    """
    _subscribed(event, inbox)
    if not exchanges:
        raise Unjudgeable(f"nothing was answered that {event} could tell of")
    found = {
        (name_of(one) or one.webhook_id or str(one.id)) for one in inbox.deliveries if event_of(one) in {event, None}
    }
    if len(found) >= len(exchanges):
        return None
    return Deviation(
        f"not every answer is told of by a {event} webhook",
        f"{len(exchanges)} or more of them while webhooks are awaited (--webhook-wait)",
        f"{len(found)}; received in all: {_counted(inbox)}",
    )


def is_told_of(exchange: Exchange, inbox: Inbox) -> Deviation | None:
    """A webhook names the answer."""
    told = inbox.told(exchange)
    _subscribed(told.event, inbox)
    if telling_of(told, inbox.deliveries):
        return None
    return Deviation(
        f"no {told.event} webhook names the answer", f"one with {shown(told.id)} in its data", _named(told, inbox)
    )


def tells_the_same(exchange: Exchange, inbox: Inbox) -> Deviation | None:
    """A webhook names the answer, and holds the same text where it holds any."""
    told, deviation = inbox.told(exchange), is_told_of(exchange, inbox)
    if deviation is not None or told.text is None:
        return deviation
    texts = [text_of(data_of(one)) for one in telling_of(told, inbox.deliveries)]
    other = next((text for text in texts if text is not None and text != told.text), None)
    if other is None:
        return None
    return Deviation(f"a {told.event} webhook has another text than the answer", shown(told.text), shown(other))


def is_in_time(exchange: Exchange, inbox: Inbox) -> Deviation | None:
    """The first webhook that names the answer came soon after it."""
    told = inbox.told(exchange)
    came = telling_of(told, inbox.deliveries)
    if not came:
        raise Unjudgeable(f"no webhook names {shown(told.id)}")
    late = came[0].started - (exchange.started + exchange.elapsed)
    if late <= IN_TIME_S:
        return None
    return Deviation(
        f"a {told.event} webhook comes late", f"within {IN_TIME_S:g} s of the answer", f"after {late:.1f} s"
    )


def is_told_once(exchange: Exchange, inbox: Inbox) -> Deviation | None:
    """No two webhooks that were accepted tell of the answer; the same one twice is another matter."""
    told = inbox.told(exchange)
    ids = {one.webhook_id for one in telling_of(told, inbox.deliveries) if one.accepted}
    if not ids:
        raise Unjudgeable(f"no webhook that names {shown(told.id)} was accepted")
    if len(ids) == 1:
        return None
    return Deviation(
        f"several {told.event} webhooks tell of the same answer",
        f"one webhook for {shown(told.id)}",
        f"{len(ids)}: {', '.join(sorted(shown(name) for name in ids))}",
    )


def is_subscribed(delivery: Delivery, inbox: Inbox) -> Deviation | None:
    """It tells of an event that was subscribed."""
    event = event_of(delivery)
    if event is None:
        raise Unjudgeable("it does not say what it tells of")
    if event in inbox.events:
        return None
    return Deviation("a webhook tells of an event that was not subscribed", " or ".join(inbox.events), shown(event))


def has_own_id(delivery: Delivery, inbox: Inbox) -> Deviation | None:
    """No webhook that tells of something else has the same id."""
    if not delivery.webhook_id or name_of(delivery) is None:
        raise Unjudgeable("it does not say what it tells of, or has no id")
    about = (event_of(delivery), name_of(delivery))
    others = [(event_of(one), name_of(one)) for one in inbox.deliveries if one.webhook_id == delivery.webhook_id]
    other = next((one for one in others if one[1] is not None and one != about), None)
    if other is None:
        return None
    return Deviation(
        "webhooks that tell of different things have the same id",
        "an id of its own for each",
        f"{shown(delivery.webhook_id)} for {shown(about[1])} and for {shown(other[1])}",
    )


def is_sent_again(delivery: Delivery, inbox: Inbox) -> Deviation | None:
    """What was answered with 503 came again."""
    if delivery.status != UNAVAILABLE:
        raise Unjudgeable("it was not answered with 503")
    if _again(delivery, inbox.deliveries):
        return None
    return Deviation(
        "a webhook that was answered with 503 is not sent again",
        "another attempt while webhooks are awaited (--webhook-wait)",
        "none",
    )


def keeps_id(delivery: Delivery, inbox: Inbox) -> Deviation | None:
    """What came again has the same id."""
    ids = [one.webhook_id for one in _again_of_refused(delivery, inbox)]
    if delivery.webhook_id in ids:
        return None
    return Deviation("a webhook that is sent again has another id", shown(delivery.webhook_id), shown(ids[0]))


def renews_time(delivery: Delivery, inbox: Inbox) -> Deviation | None:
    """What came again has a later time in its header, where enough time had passed for that to show."""
    before = seconds_of(delivery)
    again = [one for one in _again_of_refused(delivery, inbox) if one.started - delivery.started >= _APART_S]
    times = [seconds for one in again if (seconds := seconds_of(one)) is not None]
    if before is None or not times:
        raise Unjudgeable("the attempts are too close to one another to tell their times apart")
    if times[0] > before:
        return None
    return Deviation(
        "a webhook that is sent again has the time of an earlier attempt", f"a time after {before}", f"{times[0]}"
    )


def is_not_repeated(delivery: Delivery, inbox: Inbox) -> Deviation | None:
    """What was accepted did not come again."""
    if not delivery.accepted or not delivery.webhook_id:
        raise Unjudgeable("it was not accepted, or has no id")
    later = [one for one in inbox.after(delivery) if one.webhook_id == delivery.webhook_id]
    if not later:
        return None
    return Deviation(
        "a webhook that was answered with a 2xx is sent again",
        f"{shown(delivery.webhook_id)} once",
        f"{len(later)} more after the {delivery.status}",
    )


def is_not_led_on(delivery: Delivery, inbox: Inbox) -> Deviation | None:
    """What was answered with a redirect did not go where that points to."""
    if delivery.status != REDIRECTED:
        raise Unjudgeable("it was not answered with a redirect")
    led = [one for one in inbox.after(delivery) if one.request.path.partition("?")[0].endswith(inbox.elsewhere)]
    if not led:
        return None
    return Deviation(
        "a webhook follows a redirect", "a failed attempt", f"{led[0].request.method} {shown(led[0].request.path)}"
    )


def _again(delivery: Delivery, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the later attempts at the same webhook, by its id or by what it tells of."""
    about = (event_of(delivery), name_of(delivery))
    return [
        one
        for one in deliveries
        if one.id > delivery.id
        and (
            (one.webhook_id is not None and one.webhook_id == delivery.webhook_id)
            or (about[1] is not None and (event_of(one), name_of(one)) == about)
        )
    ]


def _again_of_refused(delivery: Delivery, inbox: Inbox) -> list[Delivery]:
    if delivery.accepted:
        raise Unjudgeable("it was accepted")
    again = _again(delivery, inbox.deliveries)
    if not again:
        raise Unjudgeable("it was not sent again")
    return again


def _subscribed(event: str, inbox: Inbox) -> None:
    if event not in inbox.events:
        raise Unjudgeable(f"{event} was not subscribed; name the events that were with --webhook-event")


def _named(told: Told, inbox: Inbox) -> str:
    names = [name_of(one) for one in inbox.deliveries if event_of(one) == told.event]
    return f"they name {shown(names)}" if names else f"received in all: {_counted(inbox)}"


def _counted(inbox: Inbox) -> str:
    events = [event_of(one) for one in inbox.deliveries]
    told = [f"{events.count(event)} {event or 'of no readable type'}" for event in dict.fromkeys(events)]
    return ", ".join(told) or "nothing"
