"""The file of stored answers: what is found, how large it becomes, and that nothing that happens to it fails a request."""

import fcntl
import os
import random
import shutil
import sqlite3
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import cache_connection
from cache_file import AnswerFile, Row
from volume_cleanup import clean_volume, delete

MIB = 1 << 20


def row(name='a', size=100, ttl=60.0, age=0.0, body=None):
    stored = time.time() - age
    return Row(name.encode(), stored, stored + ttl, b'{}', (name.encode() * size)[:size] if body is None else body)


class FileTest(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.folder = self.home / 'answers-1'
        self.file = self.open()

    def open(self, **options):
        file = AnswerFile(self.folder, **options)
        self.addCleanup(file.close)
        return file

    def integrity(self):
        with sqlite3.connect(self.folder / 'answers.db') as db:
            return db.execute('PRAGMA integrity_check').fetchall()


class Answers(FileTest):
    def test_an_answer_is_found_by_its_key_until_its_end(self):
        self.assertTrue(self.file.put([row('a'), row('b', ttl=-1)]))
        self.assertEqual(self.file.get(b'a').body, b'a' * 100)
        self.assertIsNone(self.file.get(b'b'))
        self.assertIsNone(self.file.get(b'c'))
        with mock.patch.object(time, 'time', lambda now=time.time(): now + 61):
            self.assertIsNone(self.file.get(b'a'))

    def test_a_newer_answer_takes_the_place_of_an_older_one(self):
        self.file.put([row('a', body=b'old')])
        self.file.put([row('a', body=b'new')])
        self.assertEqual(self.file.get(b'a').body, b'new')

    def test_a_maximum_age(self):
        self.file.put([row('a', age=10)])
        self.assertIsNone(self.file.get(b'a', max_age=5))
        self.assertIsNotNone(self.file.get(b'a', max_age=15))

    def test_an_answer_is_not_used_longer_than_meant_if_the_clock_is_set_back(self):
        self.file.put([row('a', ttl=60)])
        with mock.patch.object(time, 'time', lambda now=time.time(): now - 3600):
            self.assertIsNone(self.file.get(b'a'))
            # The next purge removes it, so that it is not found later either.
            self.file.purge_at = 0
            self.file.put([row('b')])
        self.assertIsNone(self.file.get(b'a'))

    def test_it_survives_the_process_and_is_shared(self):
        self.file.put([row('a')])
        self.file.close()
        self.assertIsNotNone(self.open().get(b'a'))

    def test_expired_answers_are_removed(self):
        self.file.put([row('a', ttl=-1), row('b')])
        self.file.purge_at = 0
        self.file.put([row('c')])
        self.assertEqual(self.file.connection.execute('SELECT count(*) FROM answers').fetchone(), (2,))


class Size(FileTest):
    def used(self):
        return sum(file.stat().st_size for file in self.folder.iterdir())

    def test_the_oldest_answers_make_room_and_the_file_keeps_its_limit(self):
        file = self.open(max_bytes=2 * MIB)
        for number in range(300):
            self.assertTrue(file.put([row(f'{number}', size=20_000)]))
        # The write-ahead log comes on top.
        self.assertLess((self.folder / 'answers.db').stat().st_size, 2.1 * MIB)
        self.assertLess(self.used(), 2.1 * MIB + 2 * cache_connection.LOG_BYTES)
        found = [number for number in range(300) if file.get(f'{number}'.encode())]
        self.assertEqual(found, list(range(found[0], 300)))
        self.assertGreater(len(found), 40)

    def test_an_answer_above_a_quarter_of_the_limit_is_not_stored(self):
        file = self.open(max_bytes=1 * MIB)
        file.put([row('large', size=MIB // 4), row('a')])
        self.assertIsNone(file.get(b'large'))
        self.assertIsNotNone(file.get(b'a'))

    def test_a_smaller_limit_makes_the_file_smaller(self):
        self.file.put([row(f'{number}', size=100_000) for number in range(50)])
        file = self.open(max_bytes=1 * MIB)
        file.put([row('new')])
        self.assertIsNotNone(file.get(b'new'))
        for one in (self.file, file):
            one.close()
        self.assertLess((self.folder / 'answers.db').stat().st_size, 1.1 * MIB)


class Trouble(FileTest):
    """Every kind of trouble: at most one warning, nothing raised, and it works again afterwards."""

    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(cache_connection, 'PAUSE', 0))

    def works(self, file):
        return file.put([row('again')]) and file.get(b'again') is not None

    def test_a_damaged_file_is_replaced_and_said_so_once(self):
        for damage in (self.no_database, self.random_pages, self.cut, self.emptied, self.other_table, self.removed):
            with self.subTest(damage.__name__):
                delete(self.folder)
                file, other = self.open(), self.open()
                file.put([row(f'{number}', size=3000) for number in range(200)])
                self.assertIsNotNone(other.get(b'7'))
                file.close()
                damage(self.folder / 'answers.db')
                with self.assertLogs('switchyard', 'WARNING') as logged:
                    cache_connection.log.warning('so that there is one')
                    for number in range(200):
                        found = self.open().get(f'{number}'.encode()) if number % 50 == 0 else file.get(f'{number}'.encode())
                        self.assertIn(found and found.body, (None, row(f'{number}', size=3000).body))
                    for _ in range(12):
                        self.works(file)
                        self.works(other)
                self.assertLessEqual(len(logged.output), 4, logged.output)
                self.assertTrue(self.works(file) and self.works(other))
                self.assertEqual(self.integrity(), [('ok',)])

    @staticmethod
    def no_database(file):
        file.write_bytes(b'this is no database' * 1000)

    @staticmethod
    def random_pages(file):
        with file.open('r+b') as opened:
            for page in range(2, file.stat().st_size // 4096, 3):
                opened.seek(page * 4096)
                opened.write(random.Random(page).randbytes(4096))

    @staticmethod
    def cut(file):
        os.truncate(file, file.stat().st_size // 2)

    @staticmethod
    def emptied(file):
        os.truncate(file, 0)

    @staticmethod
    def other_table(file):
        with sqlite3.connect(file) as db:
            db.execute('DROP TABLE answers')
            db.execute('CREATE TABLE answers (x)')

    @staticmethod
    def removed(file):
        shutil.rmtree(file.parent)

    def test_a_changed_byte_in_an_answer_is_never_delivered(self):
        self.file.put([row('a', body=b'the right answer ' * 100)])
        self.file.close()
        path = self.folder / 'answers.db'
        text = path.read_bytes()
        self.assertIn(b'right answer', text)
        path.write_bytes(text.replace(b'right answer', b'wrong answer', 1))
        with self.assertLogs('switchyard', 'WARNING'):
            self.assertIsNone(self.file.get(b'a'))
        self.assertTrue(self.works(self.file))

    def test_a_locked_file_is_read_and_not_waited_for(self):
        self.file.put([row('a')])
        with sqlite3.connect(self.folder / 'answers.db', isolation_level=None) as db:
            db.execute('BEGIN EXCLUSIVE')
            begun = time.monotonic()
            self.assertIsNotNone(self.file.get(b'a'))
            self.assertFalse(self.file.put([row('b')]))
            self.assertLess(time.monotonic() - begun, 1)
            db.execute('ROLLBACK')
        self.assertTrue(self.works(self.file))

    def test_a_full_disk_is_reported_once_and_the_rest_is_still_found(self):
        self.file.put([row('a')])
        self.file.connection.execute('PRAGMA max_page_count = 1')
        with self.assertLogs('switchyard', 'WARNING') as logged, mock.patch.object(AnswerFile, '_open', self.full(AnswerFile._open)):
            for number in range(5):
                self.assertFalse(self.file.put([row(f'{number}', size=100_000)]))
            self.assertIsNotNone(self.file.get(b'a'))
        self.assertEqual(len(logged.output), 1, logged.output)
        self.file.close()
        self.assertTrue(self.works(self.file))

    @staticmethod
    def full(really):
        def open_full(file):
            really(file)
            file.connection.execute('PRAGMA max_page_count = 1')

        return open_full

    def test_a_folder_that_cannot_be_written_is_reported_once(self):
        (self.home / 'file').write_text('')
        file = AnswerFile(self.home / 'file' / 'answers')
        with self.assertLogs('switchyard', 'WARNING') as logged:
            for _ in range(5):
                self.assertFalse(file.put([row('a')]))
                self.assertIsNone(file.get(b'a'))
        self.assertEqual(len(logged.output), 1)

    def test_a_failure_is_not_tried_again_at_once(self):
        failing = mock.patch.object(sqlite3, 'connect', side_effect=sqlite3.OperationalError('no'))
        with mock.patch.object(cache_connection, 'PAUSE', 60), failing as connect, self.assertLogs('switchyard', 'WARNING'):
            for _ in range(5):
                self.file.get(b'a')
            self.assertEqual(connect.call_count, 1)

    def test_nobody_opens_a_file_that_is_being_replaced(self):
        with (self.home / 'answers-1.lock').open('w') as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            opened = threading.Thread(target=self.file.put, args=([row('a')],))
            opened.start()
            opened.join(0.2)
            self.assertTrue(opened.is_alive())
            fcntl.flock(held, fcntl.LOCK_UN)
            opened.join(5)
        self.assertIsNotNone(self.open().get(b'a'))


class Cleanup(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.old, self.own = self.home / 'cache', self.home / 'answers-1'

    def clean(self, used=True):
        clean_volume(self.own, used, self.old, delay=0).join(10)
        return sorted(path.name for path in self.home.iterdir())

    def fill(self, folder, file):
        (folder / '12').mkdir(parents=True)
        (folder / file).write_text('x')
        (folder / '12' / 'value').write_text('x')

    def test_litellms_cache_is_removed_and_what_a_killed_gateway_left_of_it(self):
        self.fill(self.old, 'cache.db')
        self.fill(self.own, 'answers.db')
        self.assertEqual(self.clean(), ['answers-1'])
        self.fill(self.home / 'cache-unused', 'cache.db')
        self.fill(self.home / 'answers-1-unused', 'answers.db')
        self.assertEqual(self.clean(), ['answers-1'])

    def test_another_folder_of_that_name_stays(self):
        self.fill(self.old, 'mine')
        self.assertEqual(self.clean(), ['cache'])

    def test_a_cache_that_is_switched_off_leaves_no_answers_behind(self):
        self.fill(self.own, 'answers.db')
        self.assertEqual(self.clean(used=False), [])


if __name__ == '__main__':
    unittest.main()
