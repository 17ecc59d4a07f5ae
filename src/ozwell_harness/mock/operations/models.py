"""The models endpoints (API Endpoints Reference, Models)."""

from __future__ import annotations

from ozwell_harness.mock.answers import list_out, model_out
from ozwell_harness.mock.bodies import read_query
from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import model_not_found
from ozwell_harness.mock.faults.base import Hook
from ozwell_harness.mock.models import MODELS, ModelCard, find_model
from ozwell_harness.mock.pages import cut_page, parse_page_query
from ozwell_harness.mock.replies import json_reply


async def list_models(call: Call) -> Reply:
    """One page of the models."""
    page = call.apply(Hook.PAGE, cut_page(MODELS, parse_page_query(read_query(call))))
    data = [model_out(model) for model in page.items if isinstance(model, ModelCard)]
    return json_reply(call, list_out(page, data))


async def retrieve_model(call: Call) -> Reply:
    """One model."""
    card = find_model(call.identifier)
    if card is None:
        raise model_not_found(call.identifier)
    return json_reply(call, model_out(card))
