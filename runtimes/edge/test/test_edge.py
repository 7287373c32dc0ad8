"""How the edge handles requests. Run by haproxy-image.test.ts."""

import json
import os
import signal
import subprocess
import time
import unittest

from rig import KEY, QUEUE_TIMEOUT, Dns, Edge, Gateway, Portkey, ask, ask_together, read, receive, send, wait_for

OK = (200, None)
NO_GATEWAY = (503, 'no_gateway')
LARGE = b'x' * 3_000_000  # more than the edge's buffer
dns = Dns()


class WithEdge(unittest.TestCase):
    changes = ()

    def setUp(self):
        dns.gateways, dns.portkeys = [], []
        self.edge = Edge(self.changes)
        self.addCleanup(self.edge.stop)

    def gateways(self, count=1):
        """Starts this many gateways and waits until the edge knows them as ready."""
        made = [Gateway().listen() for _ in range(count)]
        dns.gateways = dns.gateways + [gateway.address for gateway in made]
        wait_for(lambda: ask(path='/health/readiness')[0] == 200, 'a gateway')
        return made


class Queueing(WithEdge):
    def test_a_request_is_queued_until_its_timeout_and_a_health_request_is_not(self):
        begun = time.monotonic()
        self.assertEqual(ask(path='/health/readiness'), NO_GATEWAY)
        self.assertLess(time.monotonic() - begun, 2)
        begun = time.monotonic()
        anthropic = send(path='/v1/messages')
        self.assertEqual(ask(), NO_GATEWAY)
        self.assertEqual(receive(anthropic), (503, 'overloaded_error'))
        self.assertTrue(QUEUE_TIMEOUT - 1.5 < time.monotonic() - begun < QUEUE_TIMEOUT + 3)

    def test_only_queued_requests_are_marked_as_queued(self):
        gateway = Gateway()

        def start_gateway():
            # In DNS, but refusing connections: it is still starting.
            dns.gateways = [gateway.address]
            time.sleep(1.5)
            gateway.listen()

        self.assertEqual(ask_together([b'{}'] * 20 + [LARGE] * 3, start_gateway), [OK] * 23)
        self.assertEqual(sorted(size for _, size in gateway.requests)[-3:], [len(LARGE)] * 3)
        for headers, _ in gateway.requests:
            self.assertEqual(headers['x-switchyard-held'], '1')
            self.assertLess(abs(int(headers['x-switchyard-until']) - time.time()), QUEUE_TIMEOUT + 5)
        time.sleep(1)
        self.assertEqual(ask(headers=KEY + 'x-switchyard-held: 1\r\nx-switchyard-until: 9999999999\r\n'), OK)
        headers, _ = gateway.requests[-1]
        self.assertNotIn('x-switchyard-held', headers)
        self.assertLess(int(headers['x-switchyard-until']), 9999999999)

    def test_a_queued_request_whose_client_disconnected_reaches_no_gateway(self):
        disconnecting = [send() for _ in range(5)]
        time.sleep(1)
        for connection in disconnecting:
            connection.close()
        time.sleep(0.5)
        (gateway,) = self.gateways()
        time.sleep(1)
        self.assertEqual(gateway.requests, [])

    def test_a_burst_whose_gateway_dies_is_queued_again(self):
        gateway = Gateway().listen()
        gateway.closes, gateway.delay = True, 0.5

        def restart_gateway():
            dns.gateways = [gateway.address]
            for _ in range(2):
                wait_for(lambda: len(gateway.requests) >= 20, 'the burst')
                gateway.stop()
                time.sleep(1.5)
                gateway.requests.clear()
                gateway.listen()
            gateway.closes = False

        self.assertEqual(ask_together([b'{}'] * 20, restart_gateway), [OK] * 20)


class Replacing(WithEdge):
    def test_the_maximum_number_of_gateways_can_be_replaced_at_once(self):
        old = self.gateways(8)
        wait_for(lambda: ask() == OK and all(gateway.requests for gateway in old), 'a request at each old gateway')
        new = [Gateway() for _ in old]
        dns.gateways = dns.gateways + [gateway.address for gateway in new]
        for _ in range(30):
            # The new gateways refuse connections at first.
            self.assertEqual(ask(), OK)
            time.sleep(0.05)
        for gateway in new:
            gateway.listen()
        for gateway in old:
            gateway.ready = False
        time.sleep(2.5)
        for gateway in old:
            gateway.requests.clear()
        wait_for(lambda: ask() == OK and all(gateway.requests for gateway in new), 'a request at each new gateway')
        self.assertEqual([gateway.requests for gateway in old], [[]] * 8)


class Failing(WithEdge):
    def test_retries_at_a_gateway_that_never_answers_are_limited(self):
        (gateway,) = self.gateways()
        gateway.closes = True
        self.assertEqual(ask(), (502, 'no_answer'))
        self.assertLessEqual(len(gateway.requests), 13)
        self.assertEqual(ask(path='/v1/messages'), (502, 'api_error'))

    def test_a_request_dropped_by_one_gateway_is_answered_by_another(self):
        bad, good = self.gateways(2)
        bad.closes = True
        time.sleep(1)
        self.assertEqual([ask() for _ in range(20)], [OK] * 20)
        self.assertTrue(bad.requests and good.requests)

    def test_a_gateway_that_is_only_busy_keeps_its_requests(self):
        (gateway,) = self.gateways()
        gateway.busy_until = time.monotonic() + 9
        time.sleep(7.5)  # twice the timeout of a health check, and a bit
        self.assertEqual(ask(), OK)
        self.assertNotIn('x-switchyard-held', gateway.requests[-1][0])

    def test_a_request_without_a_response_of_portkey_is_sent_again_once(self):
        path = '/portkey/v1/chat/completions'
        good, bad = (Portkey().listen() for _ in range(2))
        dns.portkeys = [bad.address]
        wait_for(lambda: ask(path=path) == OK, 'Portkey')
        bad.requests.clear()
        bad.closes = True
        self.assertEqual(ask(path=path), (502, 'no_answer'))
        self.assertEqual(len(bad.requests), 2)
        # Refused connections do not count.
        bad.closes = False
        dns.portkeys = [bad.address, good.address]
        wait_for(lambda: ask(path=path) == OK and good.requests, 'both')
        bad.stop()
        self.assertEqual([ask(path=path) for _ in range(8)], [OK] * 8)

    def test_the_502_of_a_gateway_that_ends_the_retries_is_passed_on(self):
        gateways = self.gateways(2)
        for gateway in gateways:
            gateway.status, gateway.headers = 502, 'x-switchyard-handed-over: 2\r\n'
        status, headers, body = read(send())
        self.assertEqual((status, headers['x-switchyard-handed-over'], body), (502, '2', b'{}'))
        self.assertEqual(sum(len(gateway.requests) for gateway in gateways), 1)

    def test_a_response_can_have_hundreds_of_headers(self):
        (gateway,) = self.gateways()
        gateway.headers = ''.join(f'llm_provider-x-{number}: {"v" * 40}\r\n' for number in range(400))
        status, headers, _ = read(send())
        self.assertEqual((status, sum(name.startswith('llm_provider-') for name in headers)), (200, 400))


class Memory(WithEdge):
    def test_a_connection_takes_no_more_memory_than_planned(self):
        gateway, count, before = Gateway(), 30, self.edge.megabytes()

        def start_gateway():
            time.sleep(2)
            self.assertLess((self.edge.megabytes() - before) / count, float(os.environ['CONNECTION_MB']))
            dns.gateways = [gateway.listen().address]

        self.assertEqual(ask_together([LARGE] * count, start_gateway), [OK] * count)


class FewConnections(WithEdge):
    changes = (
        ('front.cfg', r'maxconn \d+\n    backlog', 'maxconn 6\n    backlog'),
        ('front.cfg', r'fe_conn gt \d+', 'fe_conn gt 3'),
    )

    def test_idle_connections_do_not_block_new_clients(self):
        self.gateways()
        idle = [send(keep=True) for _ in range(12)]
        self.assertEqual([one.recv(12) for one in idle], [b'HTTP/1.1 200'] * 12)
        begun = time.monotonic()
        self.assertEqual([ask() for _ in range(10)], [OK] * 10)
        self.assertLess(time.monotonic() - begun, 5)
        for one in idle:
            one.close()


class Lifecycle(WithEdge):
    def test_the_health_check_fails_only_when_the_edge_is_down(self):
        probe = json.loads(os.environ['PROBE'])[1:]
        self.assertEqual(subprocess.run(probe, timeout=5).returncode, 0)
        self.edge.stop()
        self.assertNotEqual(subprocess.run(probe, timeout=5, stderr=subprocess.DEVNULL).returncode, 0)

    def test_a_stop_finishes_requests_in_flight_within_a_time_limit(self):
        (gateway,) = self.gateways()
        gateway.delay = 3
        quick = send()
        time.sleep(0.5)
        gateway.delay = 60
        stuck = send()
        time.sleep(0.5)
        begun = time.monotonic()
        self.edge.process.send_signal(signal.SIGUSR1)
        self.assertEqual(receive(quick), OK)
        self.edge.process.wait(10)
        self.assertGreater(time.monotonic() - begun, 8)
        stuck.close()


if __name__ == '__main__':
    unittest.main()
