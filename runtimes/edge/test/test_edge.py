"""What the edge does with requests. Run by edge.test.ts."""

import json
import os
import signal
import subprocess
import time
import unittest

from rig import HOLD, KEY, Dns, Edge, Gateway, ask, ask_together, receive, send, wait_for

OK = (200, None)
IN_VAIN = (503, 'no_gateway')
LARGE = b'x' * 3_000_000  # more than the edge's buffer
dns = Dns()


class WithEdge(unittest.TestCase):
    changes = ()

    def setUp(self):
        dns.gateways = []
        self.edge = Edge(self.changes)
        self.addCleanup(self.edge.stop)

    def gateways(self, count=1):
        """So many, known to the edge and ready."""
        made = [Gateway().listen() for _ in range(count)]
        dns.gateways = dns.gateways + [gateway.address for gateway in made]
        wait_for(lambda: ask(path='/health/readiness')[0] == 200, 'a gateway')
        return made


class Holding(WithEdge):
    def test_a_request_waits_as_long_as_it_may_and_health_does_not(self):
        begun = time.monotonic()
        self.assertEqual(ask(path='/health/readiness'), IN_VAIN)
        self.assertLess(time.monotonic() - begun, 2)
        begun = time.monotonic()
        self.assertEqual(ask(), IN_VAIN)
        self.assertTrue(HOLD - 1.5 < time.monotonic() - begun < HOLD + 3)

    def test_whoever_waited_is_answered_and_marked_and_nobody_else_is(self):
        gateway = Gateway()

        def come():
            # Known, but refusing connections: it is just starting.
            dns.gateways = [gateway.address]
            time.sleep(1.5)
            gateway.listen()

        self.assertEqual(ask_together([b'{}'] * 20 + [LARGE] * 3, come), [OK] * 23)
        self.assertEqual(sorted(size for _, size in gateway.requests)[-3:], [len(LARGE)] * 3)
        for headers, _ in gateway.requests:
            self.assertEqual(headers['x-switchyard-held'], '1')
            self.assertLess(abs(int(headers['x-switchyard-until']) - time.time()), HOLD + 5)
        time.sleep(1)
        self.assertEqual(ask(headers=KEY + 'x-switchyard-held: 1\r\nx-switchyard-until: 9999999999\r\n'), OK)
        headers, _ = gateway.requests[-1]
        self.assertNotIn('x-switchyard-held', headers)
        self.assertLess(int(headers['x-switchyard-until']), 9999999999)

    def test_for_a_client_that_left_while_it_waited_nobody_is_asked(self):
        leaving = [send() for _ in range(5)]
        time.sleep(1)
        for connection in leaving:
            connection.close()
        time.sleep(0.5)
        (gateway,) = self.gateways()
        time.sleep(1)
        self.assertEqual(gateway.requests, [])

    def test_a_crowd_whose_gateway_dies_again_waits_again(self):
        gateway = Gateway().listen()
        gateway.closes, gateway.delay = True, 0.5

        def come_and_go():
            dns.gateways = [gateway.address]
            for _ in range(2):
                wait_for(lambda: len(gateway.requests) >= 20, 'the crowd')
                gateway.stop()
                time.sleep(1.5)
                gateway.requests.clear()
                gateway.listen()
            gateway.closes = False

        self.assertEqual(ask_together([b'{}'] * 20, come_and_go), [OK] * 20)


class Replacing(WithEdge):
    def test_as_many_new_gateways_as_there_can_be_old_ones(self):
        old = self.gateways(8)
        wait_for(lambda: ask() == OK and all(gateway.requests for gateway in old), 'all of them')
        new = [Gateway() for _ in old]
        dns.gateways = dns.gateways + [gateway.address for gateway in new]
        for _ in range(30):
            # The new ones refuse connections at first.
            self.assertEqual(ask(), OK)
            time.sleep(0.05)
        for gateway in new:
            gateway.listen()
        for gateway in old:
            gateway.ready = False
        time.sleep(2.5)
        for gateway in old:
            gateway.requests.clear()
        wait_for(lambda: ask() == OK and all(gateway.requests for gateway in new), 'all the new ones')
        self.assertEqual([gateway.requests for gateway in old], [[]] * 8)


class Failing(WithEdge):
    def test_a_gateway_that_never_answers_is_not_asked_for_ever(self):
        (gateway,) = self.gateways()
        gateway.closes = True
        self.assertEqual(ask(), (502, 'no_answer'))
        self.assertLessEqual(len(gateway.requests), 13)
        self.assertEqual(ask(path='/v1/messages'), (502, 'no_answer'))

    def test_what_one_gateway_drops_another_answers(self):
        bad, good = self.gateways(2)
        bad.closes = True
        time.sleep(1)
        self.assertEqual([ask() for _ in range(20)], [OK] * 20)
        self.assertTrue(bad.requests and good.requests)


class Room(WithEdge):
    def test_a_connection_takes_no_more_than_its_share(self):
        gateway, count, before = Gateway(), 30, self.edge.megabytes()

        def come():
            time.sleep(2)
            self.assertLess((self.edge.megabytes() - before) / count, float(os.environ['CONNECTION_MB']))
            dns.gateways = [gateway.listen().address]

        self.assertEqual(ask_together([LARGE] * count, come), [OK] * count)


class FewPlaces(WithEdge):
    changes = (
        ('front.cfg', r'maxconn \d+\n    backlog', 'maxconn 6\n    backlog'),
        ('front.cfg', r'fe_conn gt \d+', 'fe_conn gt 3'),
    )

    def test_idle_connections_leave_room_for_newcomers(self):
        self.gateways()
        idle = [send(keep=True) for _ in range(12)]
        self.assertEqual([one.recv(12) for one in idle], [b'HTTP/1.1 200'] * 12)
        begun = time.monotonic()
        self.assertEqual([ask() for _ in range(10)], [OK] * 10)
        self.assertLess(time.monotonic() - begun, 5)
        for one in idle:
            one.close()


class Living(WithEdge):
    def test_dockers_probe_tells_a_live_edge_from_a_dead_one(self):
        probe = json.loads(os.environ['PROBE'])[1:]
        self.assertEqual(subprocess.run(probe, timeout=5).returncode, 0)
        self.edge.stop()
        self.assertNotEqual(subprocess.run(probe, timeout=5, stderr=subprocess.DEVNULL).returncode, 0)

    def test_a_stop_finishes_what_is_in_flight_but_not_for_ever(self):
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
