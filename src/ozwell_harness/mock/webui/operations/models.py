"""PUT /models/{model_id}/config and POST /models/{model_id}/deploy (API Integration Documentation, Models)."""

from __future__ import annotations

from ozwell_harness.mock.bodies import read_json
from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import model_not_found
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.models import ModelCard, find_model
from ozwell_harness.mock.replies import json_reply
from ozwell_harness.mock.validation import JsonReader, whole
from ozwell_harness.mock.webui.answers import ConfigOut, DeploymentOut, moment
from ozwell_harness.mock.webui.records import ModelConfig, StoredDeployment
from ozwell_harness.mock.webui.wire import ConfigIn, DeployIn
from ozwell_harness.mock.wire import LARGEST_INTEGER

_CONFIG_READER = JsonReader(ConfigIn)
_DEPLOY_READER = JsonReader(DeployIn)
DEPLOYED = "deployed"


async def configure_model(call: Call) -> Reply:
    """Change how a model answers where a request does not say; what is left out keeps its value."""
    request: ConfigIn = await read_json(call, _CONFIG_READER)
    card = _model(call)
    changes = ModelConfig(
        temperature=request.temperature,
        max_tokens=whole(request.max_tokens, "max_tokens", LARGEST_INTEGER),
        top_p=request.top_p,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
    )
    config = await call.webui.update_config(call.tenant, card.id, changes)
    answer = ConfigOut(
        card.id, config.temperature, config.max_tokens, config.top_p, config.frequency_penalty,
        config.presence_penalty,
    )  # fmt: skip
    return json_reply(call, answer)


async def deploy_model(call: Call) -> Reply:
    """Deploy a model, or change the deployment that it has."""
    request: DeployIn = await read_json(call, _DEPLOY_READER)
    card = _model(call)
    before = await call.webui.get_deployment(call.tenant, card.id)
    deployment = StoredDeployment(
        id=before.id if before else new_id("dep-"),
        model=card.id,
        status=DEPLOYED,
        instance_type=request.instance_type,
        replicas=whole(request.replicas, "replicas", LARGEST_INTEGER) or 1,
        auto_scaling=request.auto_scaling,
        created_at=before.created_at if before else call.services.clock.now(),
    )
    await call.webui.put_deployment(call.tenant, deployment)
    return json_reply(call, _deployment_out(deployment))


def _deployment_out(deployment: StoredDeployment) -> DeploymentOut:
    return DeploymentOut(
        deployment.id, deployment.model, deployment.status, deployment.instance_type, deployment.replicas,
        deployment.auto_scaling, moment(deployment.created_at),
    )  # fmt: skip


def _model(call: Call) -> ModelCard:
    card = find_model(call.identifier)
    if card is None:
        raise model_not_found(call.identifier)
    return card
