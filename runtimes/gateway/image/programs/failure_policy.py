"""The policy for provider failures: docs/failures.md. Patched into LiteLLM's router, which decides only by status codes.

Tested against the pinned release by test/e2e/failures.test.ts. LiteLLM's own cooldown logic is switched off: it never applies a cooldown
after a 403, and it prefers the deployment's configured cooldown time to the `retry-after` of the provider.
"""

from __future__ import annotations

import asyncio
import datetime
import math

from failure_kinds import Kind
from provider_failure import Failure, failure_of, mark_uncalled
from requests_log import current

# Maximum cooldown in seconds, whatever the provider asks for: it may have recovered, or the key may have been replaced.
MAX_COOLDOWN = 60.0
# Seconds before the second attempt at a provider that has no alternative.
RETRY_PAUSE = 0.25
# If the provider asks for a pause, a request waits for it only up to this many seconds.
MAX_PAUSE = 1.0


class ModelNotAllowed(Exception):
    """The next model of a chain is one that the client's key may not use. No provider is called, and the client gets the earlier failure."""

    def __init__(self, alias: str) -> None:
        super().__init__(f'the key may not use {alias}')
        self.switchyard_failure = Failure(Kind.COOLDOWN, 403, 'This key may not use the models that could answer instead.', attempted=False)


class ModelRefused(Exception):
    """A limit does not allow to call the next model of a chain: its provider's budget is used up, or its price is not known."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.switchyard_failure = failure


def install_failure_policy(router_class, cooldown_handlers, unprocessable) -> None:
    """Patch LiteLLM's router so that it follows the policy.

    `router_class` is `litellm.Router`, `cooldown_handlers` LiteLLM's module for cooldowns, and `unprocessable` the module whose
    `drop_params_from_unprocessable_entity_error` chat completions use.
    """
    call, fall_back = router_class.make_call, router_class.async_function_with_fallbacks_common_utils
    drop = unprocessable.drop_params_from_unprocessable_entity_error

    async def attempt(self, original_function, *args, **kwargs):
        request = current()
        calls = request.provider_calls
        try:
            return await call(self, original_function, *args, **kwargs)
        except Exception as error:
            if request.handed_over and request.provider_calls == calls:
                mark_uncalled(error)
            raise

    async def make_call(self, original_function, *args, **kwargs):
        # A fallback can be a model that the client's key may not use: it is skipped.
        if not current().may_use(kwargs['model']):
            raise ModelNotAllowed(kwargs['model'])
        if refused := current().refused_models.get(kwargs['model']):
            current().record_failure(None, refused, 0.0)
            raise ModelRefused(refused)
        try:
            return await attempt(self, original_function, *args, **kwargs)
        except Exception as error:
            pause = retry_pause(self, record_failure(self, error, kwargs), kwargs)
            if pause is None:
                raise
        await asyncio.sleep(pause)
        try:
            return await attempt(self, original_function, *args, **kwargs)
        except Exception as error:
            record_failure(self, error, kwargs)
            raise

    # The parameters have LiteLLM's names, because some of its callers pass all of them by name.
    async def common_utils(
        self, e, disable_fallbacks, fallbacks, context_window_fallbacks, content_policy_fallbacks, model_group, args, kwargs, **more
    ):
        failure = failure_of(e)
        if failure.in_stream:
            record_failure(self, e, kwargs)
        # Once the client has received the beginning of a stream, another model cannot continue it.
        if failure.kind is Kind.REQUEST or getattr(e, 'generated_content', ''):
            raise e
        if kwargs.get('previous_response_id'):
            # Only this alias's provider has the conversation: another one would answer without the history.
            fallbacks = context_window_fallbacks = content_policy_fallbacks = []
        if failure.kind is Kind.LENGTH:
            larger = [alias for alias in fallback_chain(fallbacks, model_group) if has_larger_window(self, alias, model_group)]
            if not larger:
                raise e
            # This class of error prevents LiteLLM from calling the same model with another key.
            e, fallbacks, context_window_fallbacks = as_context_window_error(e, model_group), [{model_group: larger}], None
        elif failure.attempted and (order := order_of(self, deployment_of(kwargs), model_group)) is not None:
            # LiteLLM would assume that the first key was called, and call the second one again if the first was in cooldown.
            kwargs['_target_order'] = order
        return await fall_back(
            self, e, disable_fallbacks, fallbacks, context_window_fallbacks, content_policy_fallbacks, model_group, args, kwargs, **more
        )

    def drop_params(error, data):
        """LiteLLM retries without the fields that a 422 names. If it names none, LiteLLM would send the same request again and answer `null`."""
        remaining = drop(error, data)
        if len(remaining) == len(data):
            raise error
        return remaining

    router_class.make_call = make_call
    router_class.async_function_with_fallbacks_common_utils = common_utils
    unprocessable.drop_params_from_unprocessable_entity_error = drop_params
    cooldown_handlers._should_run_cooldown_logic = lambda *args, **kwargs: False


def record_failure(router, error: Exception, kwargs: dict) -> Failure:
    """Record a failed attempt, and put the deployment into cooldown if the policy says so."""
    failure = failure_of(error)
    deployment = deployment_of(kwargs)
    cooldown = 0.0 if deployment is None else cooldown_of(router, failure, error, deployment, kwargs)
    if cooldown > 0:
        router.cooldown_cache.add_deployment_to_cooldown(
            model_id=deployment, original_exception=error, exception_status=failure.status, cooldown_time=cooldown
        )
    current().record_failure(deployment if failure.kind is not Kind.COOLDOWN else None, failure, cooldown)
    return failure


def cooldown_of(router, failure: Failure, error: Exception, deployment: str, kwargs: dict) -> float:
    """The deployment's cooldown after a failure, in seconds. 0 if nothing else could answer in its place."""
    if failure.kind not in (Kind.KEY, Kind.RATE, Kind.PROVIDER) or not failure.attempted or is_client_timeout(error, kwargs):
        return 0.0
    if router.disable_cooldowns or not has_alternative(router, deployment, kwargs['model']):
        return 0.0
    seconds = router.cooldown_time if failure.retry_after is None else failure.retry_after
    return min(MAX_COOLDOWN, seconds)


def has_alternative(router, deployment: str, group: str) -> bool:
    """Whether something else can answer while a deployment is in cooldown: another key or a fallback, itself not in cooldown.

    A fallback's own fallbacks count too, and chains may lead back to where they begin: of aliases that name each other one stays in use.
    """
    aliases = [group]
    for alias in aliases:
        aliases += [one for one in fallback_chain(router.fallbacks, alias) if one not in aliases]
    others = [one for alias in aliases for one in router.get_model_ids(model_name=alias) if one != deployment]
    return len(router.cooldown_cache.get_active_cooldowns(model_ids=others, parent_otel_span=None)) < len(others)


def retry_pause(router, failure: Failure, kwargs: dict) -> float | None:
    """The seconds before a second attempt at a provider that has no alternative. None: no second attempt.

    There is none after a timeout, which has used up the whole time of the request already.
    """
    group = kwargs['model']
    single = len(router.get_model_ids(model_name=group)) == 1 and not fallback_chain(router.fallbacks, group) and not kwargs.get('fallback_depth')
    if not single or not failure.attempted or failure.kind not in (Kind.PROVIDER, Kind.RATE) or failure.timed_out:
        return None
    if failure.retry_after is None:
        return RETRY_PAUSE
    return failure.retry_after if failure.retry_after <= MAX_PAUSE else None


def fallback_chain(fallbacks: list | None, group: str) -> list[str]:
    """The aliases that are called when a model fails."""
    return next((entry[group] for entry in fallbacks or () if isinstance(entry, dict) and group in entry), [])


def order_of(router, deployment: str | None, group: str) -> int | None:
    """The rank of a deployment among the keys of its alias. None if it has none."""
    found = [one for one in router.get_model_list(model_name=group) or () if (one.get('model_info') or {}).get('id') == deployment]
    return (found[0].get('litellm_params') or {}).get('order') if found else None


def has_larger_window(router, alias: str, group: str) -> bool:
    """Whether a model accepts longer prompts than another. False if one of the limits is unknown."""
    other, own = context_window(router, alias), context_window(router, group)
    return not (math.isnan(other) or math.isnan(own)) and other > own


def context_window(router, group: str) -> float:
    """The context window of a model in tokens; NaN if unknown."""
    known = [((one.get('model_info') or {}).get('max_input_tokens')) for one in router.get_model_list(model_name=group) or ()]
    return max((float(tokens) for tokens in known if tokens), default=math.nan)


def as_context_window_error(error: Exception, group: str) -> Exception:
    import litellm

    if isinstance(error, litellm.ContextWindowExceededError):
        return error
    made = litellm.ContextWindowExceededError(message=str(error), model=group, llm_provider='')
    made.__cause__ = error
    return made


def deployment_of(kwargs: dict) -> str | None:
    """The id of the deployment that was called last for a request."""
    for name in ('litellm_metadata', 'metadata'):
        info = (kwargs.get(name) or {}).get('model_info') if isinstance(kwargs.get(name), dict) else None
        if isinstance(info, dict) and info.get('id'):
            return info['id']
    return None


def is_client_timeout(error: Exception, kwargs: dict) -> bool:
    """Whether a timeout that the client set itself has expired. That says nothing about the provider."""
    details = getattr(kwargs.get('litellm_logging_obj'), 'model_call_details', None)
    if not details:
        return False
    from litellm.router_utils.cooldown_handlers import is_caller_timeout_408

    return is_caller_timeout_408(details, getattr(error, 'status_code', 0) or 0, ended=datetime.datetime.now())
