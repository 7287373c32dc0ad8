"""The garbage collector runs between the callbacks of the event loop, and nowhere else."""

import asyncio
import gc
import unittest
import weakref

from collector import due, run_collector
from fast_import import without_collector


class Cycle:
    def __init__(self):
        self.me = self


class CollectorTest(unittest.TestCase):
    def setUp(self):
        self.runs = []
        gc.callbacks.append(self.note)
        self.addCleanup(gc.enable)
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.callbacks.remove, self.note)

    def note(self, phase, _):
        if phase == 'start':
            self.runs.append(self.busy)

    def test_it_never_runs_while_something_else_does_and_removes_what_is_garbage_afterwards(self):
        self.busy = False

        async def main():
            run_collector()
            for _ in range(3):
                self.busy = True
                garbage = [weakref.ref(Cycle()) for _ in range(20_000)]
                self.busy = False
                self.assertTrue(all(one() is not None for one in garbage))
                while any(one() is not None for one in garbage):
                    await asyncio.sleep(0.02)

        with without_collector():
            pass
        asyncio.run(asyncio.wait_for(main(), 60))
        self.assertGreaterEqual(len(self.runs), 3)
        self.assertNotIn(True, self.runs)

    def test_the_oldest_generation_that_is_due_is_collected(self):
        for count, found in (((700, 10, 10), None), ((701, 0, 0), 0), ((701, 11, 10), 1), ((1, 11, 0), 1), ((701, 11, 11), 2)):
            self.assertEqual(due(count, (700, 10, 10)), found)


if __name__ == '__main__':
    unittest.main()
