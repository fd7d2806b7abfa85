# ruff: noqa: RUF001 - Chinese opening hours are what is read
"""Opening hours as OSM and as Chinese district offices write them, against minutes worked out by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.catalogue import has
from walkshed.errors import InputError
from walkshed.inputs.hours import MINUTES, REASONS, open_hours, parse_hours
from walkshed.inputs.synonyms import find_word

UNDERSTOOD = {
    "24小时": "24/7",
    "24/7": "24/7",
    "全天": "24/7",
    "全年无休，24小时开放": "24/7",
    "0:00-24:00": "24/7",
    "00:00-23:59": "24/7",
    "周二至周日 9:00-21:00": "Tu-Su 09:00-21:00",
    "每天9:00—21:00（周一闭馆）": "Tu-Su 09:00-21:00",
    "周一闭馆，周二至周日9:00—21:00": "Tu-Su 09:00-21:00",
    "除周一外每天9:00-21:00": "Tu-Su 09:00-21:00",
    "周二至周日9:00-17:00,周一全天闭馆。": "Tu-Su 09:00-17:00",
    "周二至周日 09:00--17:00 (周一闭馆)": "Tu-Su 09:00-17:00",
    "工作日8:30-12:00，14:00-17:30": "Mo-Fr 08:30-12:00,14:00-17:30",
    "周六、周日 9:00-17:00": "Sa-Su 09:00-17:00",
    "周六日9:00-17:00": "Sa-Su 09:00-17:00",
    "周一、三、五 9:00-17:00": "Mo,We,Fr 09:00-17:00",
    "９：００－２１：００": "Mo-Su 09:00-21:00",
    "8:30——22:30": "Mo-Su 08:30-22:30",
    "上午9点至下午5点半": "Mo-Su 09:00-17:30",
    "星期二至星期日上午九点到晚上八点半": "Tu-Su 09:00-20:30",
    "9时-21时": "Mo-Su 09:00-21:00",
    "9-21时": "Mo-Su 09:00-21:00",
    "早9晚9": "Mo-Su 09:00-21:00",
    "朝九晚五": "Mo-Su 09:00-17:00",
    "9:00开馆，21:00闭馆": "Mo-Su 09:00-21:00",
    "上午9:00-12:00\n下午2:30-5 :00": "Mo-Su 09:00-12:00,14:30-17:00",
    "周一至周日8:30—12:00 13:00—17:30": "Mo-Su 08:30-12:00,13:00-17:30",
    "8:30-17:30（12:00-13:00午休）": "Mo-Su 08:30-12:00,13:00-17:30",
    "18:00-次日2:00": "Mo-Su 18:00-26:00",
    "20:00-2:00": "Mo-Su 20:00-26:00",
    "晚上8点至凌晨1点": "Mo-Su 20:00-25:00",
    "周二至周五11:30-18:00;周六、日9:00-17:00;周一闭馆。": "Tu-Fr 11:30-18:00; Sa-Su 09:00-17:00",
    "周一至周五：9:00-21:00/周六至周日：10:00-18:00": "Mo-Fr 09:00-21:00; Sa-Su 10:00-18:00",
    "9:00-17:00（周一至周五），10:00-16:00（周六日）": "Mo-Fr 09:00-17:00; Sa-Su 10:00-16:00",
    "8:00-21:00 ;周六日及节假日开馆时间:9:00-17:00。": "Mo-Fr 08:00-21:00; Sa-Su,PH 09:00-17:00",
    "周二至周日9:00-21:00，周五至周六9:00-22:00": "Tu-Th,Su 09:00-21:00; Fr-Sa 09:00-22:00",
    "日间开放:周二至周日8:30-17:00\n夜间开放:周二至周日18:00-22:00": "Tu-Su 08:30-17:00,18:00-22:00",
    "周二至周日9:00-21:00，节假日除外": "Tu-Su 09:00-21:00; PH off",
    "周一闭馆（法定节假日除外），周二至周日9:00-17:00": "Tu-Su 09:00-17:00",
    "周二至周日9:00-21:00（国家法定节假日另行通知）": "Tu-Su 09:00-21:00; PH unknown",
    "每天9:00-21:00，每月最后一个周一闭馆": "Mo-Su 09:00-21:00; Mo[-1] off",
    "夏季（5月-9月）9:00-21:00；冬季9:00-18:00，周一闭馆": "May-Sep Tu-Su 09:00-21:00; Oct-Apr Tu-Su 09:00-18:00",
    "5月15日至9月30日 8:00-20:00，10月1日至次年5月14日 8:30-18:00": (
        "May 15-Sep 30 Mo-Su 08:00-20:00; Oct 01-May 14 Mo-Su 08:30-18:00"
    ),
    "周日20:00-次日2:00，周一10:00-12:00": "Mo 10:00-12:00, Su 20:00-26:00",
    "暂停开放": "off",
    "Mo–Fr 10:00–17:00": "Mo-Fr 10:00-17:00",
    "Mo-Th 08:00-20:00; Fr 08:00-18:00; PH off": "Mo-Th 08:00-20:00; Fr 08:00-18:00; PH closed",
}
NOT_UNDERSTOOD = {
    "": "hours_blank",
    "暂无": "hours_blank",
    "详见门口公告": "hours_words",
    "9:00-21:00（需预约）": "hours_words",
    "10:00至22:00（周五、周六延长至23:00）": "hours_words",
    "周二至周日9:00-17:00，夜间开放": "hours_words",
    "9-21": "hours_words",
    "9:00-5:00": "hours_order",
    "9:00-12:00，2:30-5:00": "hours_order",
    "夜间开放：6:30-9:00": "hours_order",
    "9:00-17:00，8:00-10:00": "hours_order",
    "25:00-26:00": "hours_range",
    "9:70-12:00": "hours_range",
    "夏季9:00-21:00，冬季9:00-18:00": "hours_season",
    "每天9:00-17:00；周三18:00-20:00": "hours_ambiguous",
    "9:00-21:00闭馆": "hours_ambiguous",
    "每周二至周日上午9:00—12:00\n下午13:30—18:00(夏令时制)\n下午13:30—17:30(冬令时制)": "hours_ambiguous",
    "周一至周五闭馆，周三除外": "hours_ambiguous",
    "周六9:00-17:00，周六、周日闭馆": "hours_contradiction",
    "周二至周日9:00-21:00，全年无休": "hours_contradiction",
    "周一闭馆": "hours_incomplete",
    "周二至周日": "hours_incomplete",
    "Mon-Fri 9-5": "hours_syntax",
    "Mo-Fr 08:00+": "hours_open_end",
    "sunrise-sunset": "hours_sun",
    "Mo-Fr unknown": "hours_unsure",
}


@pytest.mark.parametrize(("text", "rule"), UNDERSTOOD.items())
def test_a_text_becomes_this_rule(text: str, rule: str) -> None:
    hours = parse_hours(text)
    assert (hours.rule, hours.reason) == (rule, "")


@pytest.mark.parametrize(("text", "reason"), NOT_UNDERSTOOD.items())
def test_what_can_be_read_in_two_ways_or_not_at_all_stays_unknown(text: str, reason: str) -> None:
    hours = parse_hours(text)
    assert (hours.reason, hours.rule, hours.spans) == (reason, "", ())
    assert np.isnan(hours.weekly_hours)
    assert has(f"reasons.{reason}")


def test_every_reason_has_its_text() -> None:
    assert [reason for reason in REASONS if not has(f"reasons.{reason}")] == []
    assert set(NOT_UNDERSTOOD.values()) == set(REASONS)


def test_seasons_without_months_need_the_months_of_summer() -> None:
    text = "夏季9:00-21:00，冬季9:00-18:00"
    hours = parse_hours(text, summer=(5, 1, 9, 30))
    assert hours.rule == "May-Sep Mo-Su 09:00-21:00; Oct-Apr Mo-Su 09:00-18:00"
    assert (hours.varies, hours.weekly_hours) == (True, 63.0)  # the ordinary week lies in October
    july = parse_hours(text, summer=(5, 1, 9, 30), week=dt.date(2025, 7, 14))
    assert july.weekly_hours == 84.0


def test_hours_by_minute_share_and_whole_hour() -> None:
    hours = parse_hours("周一9:30-11:15")
    assert hours.spans == ((570, 675),)
    assert hours.open_minutes.sum() == 105
    assert list(hours.share[8:13]) == [0.0, 0.5, 1.0, 0.25, 0.0]
    assert list(np.flatnonzero(hours.open_mask)) == [10]
    assert (hours.weekly_hours, hours.open_24h) == (1.75, False)


def test_a_night_runs_into_the_next_day_and_over_the_week() -> None:
    hours = parse_hours("周日20:00-次日2:00，周一10:00-12:00")
    assert hours.spans == ((0, 120), (600, 720), (6 * 1440 + 1200, MINUTES))


def test_holidays_and_changing_weeks_are_noted() -> None:
    assert parse_hours("周二至周日9:00-21:00，节假日除外").holidays
    assert not parse_hours("周二至周日9:00-21:00").holidays
    assert parse_hours("每天9:00-21:00，每月第一个周一闭馆").varies
    assert not parse_hours("Mo-Fr 09:00-12:00").varies


def test_a_week_begins_on_monday() -> None:
    with pytest.raises(InputError, match="no Monday"):
        parse_hours("24小时", week=dt.date(2025, 10, 14))


NAMES = "一二三四五六日"
clock = st.integers(0, 48).map(lambda half: half * 30)


def spoken(minute: int, style: int) -> str:
    hour, rest = divmod(minute, 60)
    if style == 0:
        return f"{hour}:{rest:02}"
    if style == 1:
        return f"{hour:02}：{rest:02}"
    if style == 2:
        return f"{hour}点{'半' if rest else ''}"
    return f"{hour}时{f'{rest}分' if rest else ''}"


@settings(max_examples=150, deadline=None)
@given(
    days=st.lists(
        st.lists(st.integers(12, 47), unique=True, min_size=0, max_size=4).map(sorted), min_size=7, max_size=7
    ),
    style=st.integers(0, 3),
    dash=st.sampled_from(["-", "—", "至", "到", "~", "－"]),
    between=st.sampled_from(["；", "\n", "，", " "]),
    prefix=st.sampled_from(["周", "星期", "礼拜", "每周"]),
)
def test_a_timetable_written_out_day_by_day_is_read_back(
    days: list[list[int]], style: int, dash: str, between: str, prefix: str
) -> None:
    expected = np.zeros(MINUTES, bool)
    parts = []
    for day, halves in enumerate(days):
        ranges = [(a * 30, b * 30) for a, b in zip(halves[::2], halves[1::2], strict=False)]
        for start, end in ranges:
            expected[day * 1440 + start : day * 1440 + end] = True
        if ranges:
            times = "、".join(f"{spoken(a, style)}{dash}{spoken(b, style)}" for a, b in ranges)
            parts.append(f"{prefix}{NAMES[day]}{times}")
    if not parts:
        return
    hours = parse_hours(between.join(parts))
    assert hours.reason == "", hours
    np.testing.assert_array_equal(hours.open_minutes, expected)


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        alphabet="周一二日至到9120:：-—点半时上下午晚早闭馆，；（）() \n夏季月节假日除外24小时全天休无、", max_size=24
    )
)
def test_any_jumble_is_either_understood_or_unknown_and_never_an_error(text: str) -> None:
    hours = parse_hours(text)
    assert hours.known == bool(hours.rule)
    assert all(0 <= a < b <= MINUTES for a, b in hours.spans)


def table() -> pd.DataFrame:
    texts = ["24小时", "周二至周日9:00-21:00", "看情况", ""]
    return pd.DataFrame(
        {"facility_id": list("abcd"), "name": ["甲", "乙", "丙", "丁"], "opening_hours": texts}, index=[7, 8, 9, 10]
    )


@pytest.mark.parametrize("setting", ["closed", "open"])
def test_unknown_hours_are_listed_and_count_as_the_setting_says(setting: str) -> None:
    given_table = table()
    found = open_hours(given_table, unknown_hours=setting)
    assert list(given_table.columns) == ["facility_id", "name", "opening_hours"]
    assert list(found.table.hours_rule) == ["24/7", "Tu-Su 09:00-21:00", "", ""]
    assert list(found.table.open_24h) == [True, False, False, False]
    assert list(found.table.index) == [7, 8, 9, 10]
    assert found.mask.shape == found.share.shape == (4, 168)
    assert list(found.mask.sum(axis=1)) == [168, 72, *([168, 168] if setting == "open" else [0, 0])]
    np.testing.assert_array_equal(found.share.sum(axis=1), found.mask.sum(axis=1))
    assert found.unclear.to_numpy().tolist() == [
        ["c", "丙", "看情况", "hours_words", "看情况"], ["d", "丁", "", "hours_blank", ""],
    ]  # fmt: skip
    assert [note.key for note in found.notes] == [f"notes.hours_unknown_{setting}"]
    for language in ("en", "zh"):
        assert all(figure in found.notes[0].text(language) for figure in ("2", "4", "1"))


def test_a_table_without_hours_or_rows_is_all_unknown() -> None:
    found = open_hours(table().drop(columns="opening_hours"))
    assert len(found.unclear) == 4
    assert not found.mask.any()
    assert open_hours(table().iloc[:0]).mask.shape == (0, 168)


def test_another_setting_is_refused() -> None:
    with pytest.raises(InputError, match="unknown_hours"):
        open_hours(table(), unknown_hours="maybe")


def test_a_status_is_no_opening_time() -> None:
    # "闭馆" alone is a status of the facility; as opening hours it means never open.
    assert find_word("闭馆", {"closed": ("闭馆",)}) == "closed"
    assert parse_hours("闭馆").weekly_hours == 0.0


@pytest.mark.parametrize("blank", [" " * 400, "\t \u3000" * 130, " " * 200 + "\n" + " " * 200])
def test_hundreds_of_spaces_change_nothing(blank: str) -> None:
    """They kept the patterns busy for minutes."""
    assert parse_hours(f"周二{blank}至周日{blank}9:00-21:00").rule == parse_hours("周二 至周日 9:00-21:00").rule
    assert parse_hours(f"二十三点{blank}—-，").reason
