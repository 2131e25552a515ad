import unittest
from datetime import datetime, timezone

from returns.parcels import read_returns


class ReadReturns(unittest.TestCase):
    def test_a_local_time_becomes_utc(self):
        (parcel,) = read_returns(["parcel,reason,received_at,tz", "A-1,damaged,2026-11-02T10:00:00,-05:00"])
        self.assertEqual(parcel.received_at, datetime(2026, 11, 2, 15, 0, tzinfo=timezone.utc))

    def test_a_missing_reason_is_named_so(self):
        (parcel,) = read_returns(["parcel,reason,received_at,tz", "A-1,,2026-11-02T10:00:00,+00:00"])
        self.assertEqual(parcel.reason, "not given")

    def test_an_empty_time_zone_is_utc(self):
        (parcel,) = read_returns(["parcel,reason,received_at,tz", "A-1,damaged,2026-11-02T10:00:00,"])
        self.assertEqual(parcel.received_at, datetime(2026, 11, 2, 10, 0, tzinfo=timezone.utc))

    def test_a_list_without_the_time_zone_column_is_in_utc(self):
        (parcel,) = read_returns(["parcel,reason,received_at", "A-1,damaged,2026-11-02T10:00:00"])
        self.assertEqual(parcel.received_at, datetime(2026, 11, 2, 10, 0, tzinfo=timezone.utc))
