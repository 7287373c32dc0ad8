"""The lawful differences between what a provider sent and what the client gets, each with its reason. A difference that is not here fails.

An entry is `(sources, fields, reason)`; a source is the `source` of an exchange.
"""

THINK = 'The text between <think> and </think> is the reasoning: the client gets it as such.'
UNASKED = 'The client did not ask for the usage of its stream (`stream_options.include_usage`), but this provider sends it.'
CODES = "OpenAI's clients expect a type, and a code that is a text; the provider's code is a number."
REASONING = 'LiteLLM counts the reasoning tokens of a stream itself if the provider does not report them.'
ESTIMATED = 'A count that the provider rejects is estimated by the gateway, and marked: clients use it as a hint.'

DIFFERENCES = [
    (['own: text with a <think> part', 'test_huggingface/test_simple_completion#0', 'test_huggingface/test_request_simple_usage#0'], ['text', 'reasoning'], THINK),
    (['own: a stream with usage that nobody asked for', 'test_stream_close/test_cancel_recorded_provider_stream[huggingface]#1'], ['usage'], UNASKED),
    (['own: reasoning in a stream', 'own: a stream that begins with comments'], ['usage'], REASONING),
    (['own: an error whose code is a number', 'test_openrouter/test_openrouter_errors_raised#0'], ['error'], CODES),
    (['own: a count for an unknown model', 'test_anthropic/test_anthropic_count_tokens_error#0'], ['error', 'estimated', 'input_tokens'], ESTIMATED),
]

unused = {(source, field) for sources, fields, _ in DIFFERENCES for source in sources for field in fields}


def unlawful(source: str, wanted: dict, got: dict) -> dict[str, tuple]:
    """The fields that differ without an entry above, with both values. Entries that are needed are removed from `unused`."""
    lawful = {field for sources, fields, _ in DIFFERENCES if source in sources for field in fields}
    different = {name for name in wanted.keys() | got.keys() if wanted.get(name) != got.get(name)}
    unused.difference_update((source, field) for field in different & lawful)
    return {name: (wanted.get(name), got.get(name)) for name in sorted(different - lawful)}
