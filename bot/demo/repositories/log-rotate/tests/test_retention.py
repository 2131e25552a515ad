import tempfile
import unittest
from pathlib import Path

from rotate.retention import expired, remove_expired


class Retention(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def fill(self, count):
        for number in range(1, count + 1):
            (self.folder / f"app-{number}.log").touch()

    def left(self):
        return {path.name for path in self.folder.iterdir()}

    def test_nothing_expires_while_there_are_few(self):
        self.fill(3)
        self.assertEqual(expired(self.folder, keep=7), [])

    def test_the_oldest_go_first(self):
        self.fill(4)
        self.assertEqual(remove_expired(self.folder, keep=2), ["app-1.log", "app-2.log"])

    def test_the_newest_of_many_stay(self):
        self.fill(12)
        remove_expired(self.folder, keep=3)
        self.assertEqual(self.left(), {"app-10.log", "app-11.log", "app-12.log"})
