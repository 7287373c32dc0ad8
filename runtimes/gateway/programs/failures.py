"""What happens when a provider fails: docs/failures.md. Hung into LiteLLM's router, which decides by numbers and knows no such policy.

Held against the pinned release by test/e2e/failures.test.ts. LiteLLM's own rule of who rests (`cooldown`) no longer runs: it never lets
a 403 rest, and lets a deployment's own time outrank the one that its provider asks for.
"""

from __future__ import annotations

import asyncio
import datetime
import math

from failure_kinds import Kind
from provider_failure import Failure, failure_of
from requests_log import current

# No deployment rests for longer, whatever its provider asks for: it may be well again, or the key may be a new one.
LONGEST_REST = 60.0
# Before a provider that nobody stands in for is asked a second time.
RETRY_PAUSE = 0.25
# It asked for a pause itself: up to this long a request waits for it.
LONGEST_PAUSE = 1.0


def follow_policy(router_class, cooldown_handlers, unprocessable) -> None:
    """Change LiteLLM's router so that it follows the policy.

    `router_class` is `litellm.Router`, `cooldown_handlers` the module that lets deployments rest, `unprocessable` the one whose `drop_params_from_unprocessable_entity_error` chat uses.
    """
    call, fall_back = router_class.make_call, router_class.async_function_with_fallbacks_common_utils
    drop = unprocessable.drop_params_from_unprocessable_entity_error

    async def make_call(self, original_function, *args, **kwargs):
        try:
            return await call(self, original_function, *args, **kwargs)
        except Exception as error:
            pause = second_chance(self, note(self, error, kwargs), kwargs)
            if pause is None:
                raise
        await asyncio.sleep(pause)
        try:
            return await call(self, original_function, *args, **kwargs)
        except Exception as error:
            note(self, error, kwargs)
            raise

    # By LiteLLM's own names: some of its callers pass all by name.
    async def common_utils(
        self, e, disable_fallbacks, fallbacks, context_window_fallbacks, content_policy_fallbacks, model_group, args, kwargs, **more
    ):
        failure = failure_of(e)
        if failure.in_stream:
            note(self, e, kwargs)
        # What another model would say after a beginning that the client has read already is no answer.
        if failure.kind is Kind.REQUEST or getattr(e, 'generated_content', ''):
            raise e
        if failure.kind is Kind.LENGTH:
            hops = [hop for hop in chain(fallbacks, model_group) if takes_more(self, hop, model_group)]
            if not hops:
                raise e
            # The error's class keeps LiteLLM from asking the same model with another key.
            e, fallbacks, context_window_fallbacks = too_long(e, model_group), [{model_group: hops}], None
        return await fall_back(
            self, e, disable_fallbacks, fallbacks, context_window_fallbacks, content_policy_fallbacks, model_group, args, kwargs, **more
        )

    def drop_params(error, data):
        """LiteLLM asks again without the fields that a 422 names. Where it names none, it would ask the same again and answer `null`."""
        left = drop(error, data)
        if len(left) == len(data):
            raise error
        return left

    router_class.make_call = make_call
    router_class.async_function_with_fallbacks_common_utils = common_utils
    unprocessable.drop_params_from_unprocessable_entity_error = drop_params
    cooldown_handlers._should_run_cooldown_logic = lambda *args, **kwargs: False


def note(router, error: Exception, kwargs: dict) -> Failure:
    """Writes a failed attempt down, and lets the deployment rest where it should."""
    failure = failure_of(error)
    deployment = deployment_of(kwargs)
    rest = 0.0 if deployment is None else rest_of(router, failure, error, deployment, kwargs)
    if rest > 0:
        router.cooldown_cache.add_deployment_to_cooldown(
            model_id=deployment, original_exception=error, exception_status=failure.status, cooldown_time=rest
        )
    current().attempt(deployment if failure.kind is not Kind.RESTING else None, failure, rest)
    return failure


def rest_of(router, failure: Failure, error: Exception, deployment: str, kwargs: dict) -> float:
    """For how many seconds a deployment rests after a failure: not at all where nobody could stand in for it."""
    if failure.kind not in (Kind.KEY, Kind.RATE, Kind.PROVIDER) or not failure.asked or clients_timeout(error, kwargs):
        return 0.0
    if router.disable_cooldowns or not others(router, deployment, kwargs['model']):
        return 0.0
    wanted = router.cooldown_time if failure.retry_after is None else failure.retry_after
    return min(LONGEST_REST, wanted)


def others(router, deployment: str, group: str) -> bool:
    """Whether somebody answers for a model while one of its deployments rests: its chain, or another key that does not rest."""
    if chain(router.fallbacks, group):
        return True
    keys = [one for one in router.get_model_ids(model_name=group) if one != deployment]
    return len(router.cooldown_cache.get_active_cooldowns(model_ids=keys, parent_otel_span=None)) < len(keys)


def second_chance(router, failure: Failure, kwargs: dict) -> float | None:
    """The seconds after which a provider that nobody stands in for is asked again; None: it is not.

    Not after a silence, which has cost the whole of the request's time already.
    """
    group = kwargs['model']
    alone = len(router.get_model_ids(model_name=group)) == 1 and not chain(router.fallbacks, group) and not kwargs.get('fallback_depth')
    if not alone or not failure.asked or failure.kind not in (Kind.PROVIDER, Kind.RATE) or failure.silent:
        return None
    if failure.retry_after is None:
        return RETRY_PAUSE
    return failure.retry_after if failure.retry_after <= LONGEST_PAUSE else None


def chain(fallbacks: list | None, group: str) -> list[str]:
    """The aliases that answer when a model fails."""
    return next((entry[group] for entry in fallbacks or () if isinstance(entry, dict) and group in entry), [])


def takes_more(router, hop: str, group: str) -> bool:
    """Whether a model takes longer prompts than another. Where one's limit is not known: no."""
    other, own = window(router, hop), window(router, group)
    return not (math.isnan(other) or math.isnan(own)) and other > own


def window(router, group: str) -> float:
    """How many tokens a model takes; not a number where that is not known."""
    known = [((one.get('model_info') or {}).get('max_input_tokens')) for one in router.get_model_list(model_name=group) or ()]
    return max((float(tokens) for tokens in known if tokens), default=math.nan)


def too_long(error: Exception, group: str) -> Exception:
    import litellm

    if isinstance(error, litellm.ContextWindowExceededError):
        return error
    made = litellm.ContextWindowExceededError(message=str(error), model=group, llm_provider='')
    made.__cause__ = error
    return made


def deployment_of(kwargs: dict) -> str | None:
    """The id of the deployment that was asked last for a request."""
    for name in ('litellm_metadata', 'metadata'):
        info = (kwargs.get(name) or {}).get('model_info') if isinstance(kwargs.get(name), dict) else None
        if isinstance(info, dict) and info.get('id'):
            return info['id']
    return None


def clients_timeout(error: Exception, kwargs: dict) -> bool:
    """Whether the client itself allowed no more time: that says nothing about the provider."""
    details = getattr(kwargs.get('litellm_logging_obj'), 'model_call_details', None)
    if not details:
        return False
    from litellm.router_utils.cooldown_handlers import is_caller_timeout_408

    return is_caller_timeout_408(details, getattr(error, 'status_code', 0) or 0, ended=datetime.datetime.now())
