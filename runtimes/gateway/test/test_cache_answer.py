"""Which answers are whole, and the usage in them."""

import json
import unittest

from cache_answer import usage_if_whole

CHAT, RESPONSES, MESSAGES = '/chat/completions', '/responses', '/v1/messages'


def events(*objects, done=True, names=False):
    lines = [(f'event: {one["type"]}\n' if names else '') + f'data: {json.dumps(one)}\n\n' for one in objects]
    return ''.join([*lines, *(['data: [DONE]\n\n'] if done else [])]).encode()


def chunk(finish=None, **more):
    return {'choices': [{'index': 0, 'delta': {'content': 'an "error": {"x"'}, 'finish_reason': finish}], **more}


STARTED = {'type': 'message_start', 'message': {'usage': {'input_tokens': 7, 'output_tokens': 1}}}
DELTA = {'type': 'message_delta', 'delta': {'stop_reason': 'end_turn'}, 'usage': {'output_tokens': 5}}
STOPPED = {'type': 'message_stop'}


class Streams(unittest.TestCase):
    def usage(self, route, *given, **how):
        return usage_if_whole(route, True, events(*given, **how))

    def test_a_whole_stream_has_its_end_and_its_usage(self):
        self.assertEqual(self.usage(CHAT, chunk(), chunk('stop')), {})
        self.assertEqual(self.usage(CHAT, chunk('stop'), {'choices': [], 'usage': {'total_tokens': 3}}), {'total_tokens': 3})
        self.assertEqual(self.usage(MESSAGES, STARTED, DELTA, STOPPED, done=False, names=True), {'input_tokens': 7, 'output_tokens': 5})
        for end in ('completed', 'incomplete'):
            last = {'type': f'response.{end}', 'response': {'usage': {'input_tokens': 1}}}
            self.assertEqual(self.usage(RESPONSES, {'type': 'response.created'}, last), {'input_tokens': 1})

    def test_a_cut_or_failed_stream_is_not_whole(self):
        error = {'error': {'message': 'no', 'code': '502'}}
        for route, given, how in (
            (CHAT, (chunk(),), {}),
            (CHAT, (chunk('stop'),), {'done': False}),
            (CHAT, (chunk('stop'), error), {}),
            (CHAT, (chunk('error'),), {}),
            (CHAT, (), {}),
            (CHAT, (), {'done': False}),
            (MESSAGES, (STARTED, DELTA), {'done': False}),
            (MESSAGES, (STARTED, {'type': 'error', 'error': {'type': 'api_error'}}, STOPPED), {'done': False}),
            (MESSAGES, (), {'done': False}),
            (RESPONSES, ({'type': 'response.created', 'response': {}},), {}),
            (RESPONSES, ({'type': 'response.failed', 'response': {'error': {'code': 'x'}}},), {}),
            (RESPONSES, (), {}),
        ):
            self.assertIsNone(self.usage(route, *given, **how), (route, given))

    def test_a_stream_that_is_cut_at_any_byte_is_not_whole(self):
        for route, whole in ((CHAT, events(chunk(), chunk('stop'))), (MESSAGES, events(STARTED, DELTA, STOPPED, done=False))):
            self.assertIsNotNone(usage_if_whole(route, True, whole))
            for length in range(len(whole) - 2):
                self.assertIsNone(usage_if_whole(route, True, whole[:length]), whole[:length])

    def test_what_is_no_json_is_not_whole(self):
        for text in (b'data: {error\n\ndata: [DONE]\n\n', b'data: "error"\n\n', b'\xff', b''):
            self.assertIsNone(usage_if_whole(CHAT, True, text))
            self.assertIsNone(usage_if_whole(RESPONSES, True, text))


class Objects(unittest.TestCase):
    def test_each_api(self):
        usage = {'total_tokens': 3}
        whole = {
            CHAT: {'choices': [{'finish_reason': 'stop'}], 'error': None, 'usage': usage},
            '/completions': {'choices': [{'finish_reason': 'length'}], 'usage': usage},
            RESPONSES: {'status': 'completed', 'error': None, 'usage': usage},
            MESSAGES: {'type': 'message', 'stop_reason': 'end_turn', 'usage': usage},
            '/embeddings': {'data': [{}], 'usage': usage},
        }
        broken = {
            CHAT: [{'choices': [{'finish_reason': 'error'}]}, {'choices': [{'finish_reason': None}]}, {'choices': []}, {}],
            RESPONSES: [{'status': 'failed'}, {'status': 'in_progress'}, {'status': 'queued'}],
            MESSAGES: [{'type': 'error'}, {'type': 'message', 'stop_reason': None}],
            '/embeddings': [{'data': []}],
        }
        for route, answer in whole.items():
            self.assertEqual(usage_if_whole(route, False, json.dumps(answer).encode()), usage, route)
            for wrong in ({**answer, 'error': {'message': 'no'}}, *broken.get(route, [])):
                self.assertIsNone(usage_if_whole(route, False, json.dumps(wrong).encode()), wrong)
            for text in (b'', b'null', b'[]', b'5', json.dumps(answer).encode()[:-1]):
                self.assertIsNone(usage_if_whole(route, False, text), text)


if __name__ == '__main__':
    unittest.main()
