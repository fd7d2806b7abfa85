# ruff: noqa: E501, RUF001, ISC004 - lists of strange texts, many to a line; punctuation of Chinese is part of them
"""Values that break readers: what cells, numbers, shapes and settings may hold when nobody meant well."""

from __future__ import annotations

LONG = "长" * 100_000
"""A cell of a hundred thousand characters."""

TEXTS = (
    "", " ", "\t", "\u3000", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999", "1e308", "0", "-0", "-1", "1e-400",
    "9" * 400, "1,234", "12.5%", "百", "1万亿", "约", "+-1", "0x10", "1_000", "٣", "½", "²", "一百二十", "１２．５",
    "=1+1", "=cmd|'/C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")',
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "</textarea><b>", "&lt;&amp;&#0;",
    "../../etc/passwd", "/etc/passwd", "C:\\con", "file:///etc/passwd", "/vsicurl/http://localhost:1/x", "pyrosm:",
    "\x00", "a\x00b", "\x01\x02", "\x1b[31m", "\x7f", "\u202eabc", "\u200b", "\ufeff", "\ufffe", "\uffff", "\U0010ffff",
    "e\u0301" * 40, "👨‍👩‍👧‍👦", "ﷺ" * 20, "{}", "{0}", "{x!r}", "{path.__class__}", "%s%n", "'; DROP TABLE x; --", '"', '""', "'",
    "a,b;c|d\te", "a\nb", "a\r\nb", "line\u2028sep", "open", "closed", "开放", "POINT(1 2)", "106.37,29.55", "29.55,106.37",
    "106.37;29.55;1", "181,91", "-181", "90.0000001", "180", "-180", "1e10,1e10", "None", "<NA>", "NULL", "#REF!", "TRUE",
    "500106017", "500106017000", "5E+08", "2024-13-45", "24/7", "Mo-Fr 09:00-18:00", "周一至周五 9:00-17:00", "(" * 3000, LONG,
)  # fmt: skip
"""Cells and texts."""

NUMBERS = (
    0.0, -0.0, 1.0, -1.0, 1e-300, 1e300, -1e300, 1e17, 180.0, -180.0, 180.0000001, 90.0, -90.0, 90.0000001, 360.0, 106.37,
    29.55, float("inf"), float("-inf"), float("nan"), 2.0**31, 2.0**53 + 2, 2.0**63, 5e-324, 1.7976931348623157e308,
)  # fmt: skip

INTEGERS = (0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, -(2**63), 2**63, 2**64, 10**30, 7, 255, 65536)

BYTES = (
    b"", b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00" * 64, b"\xff" * 64, b"<", b">", b"&", b'"', b"'", b"{", b"}", b"[", b"]",
    b",", b"\n", b"\r", b"\r\n", b"\t", b"\\", b"-", b"nan", b"inf", b"1e999", b"=1+1", b"<!DOCTYPE x>", b"<![CDATA[",
    b"<!ENTITY x SYSTEM 'file:///etc/passwd'>", b"<!--", b"-->", b"<?xml version='1.0' encoding='UTF-7'?>", b"\xef\xbb\xbf",
    b"\xff\xfe", b"\xfe\xff", b"\x81\x30\x81\x30", b"\xed\xa0\x80", b"PK\x03\x04", b"SQLite format 3\x00", b"PAR1",
    "中文".encode(), "中文".encode("gb18030"), b"9" * 400, b"[" * 2000, b"(" * 2000, b" " * 4000, b"<a>" * 2000,
)  # fmt: skip

SHAPES = (
    None,
    {},
    {"type": "Point", "coordinates": []},
    {"type": "Point", "coordinates": [1e300, -1e300]},
    {"type": "Point", "coordinates": ["106", "29"]},
    {"type": "Point", "coordinates": [106.37, 29.55, 1, 2, 3]},
    {"type": "Point", "coordinates": [180, 90]},
    {"type": "Point", "coordinates": [-180, -90]},
    {"type": "Point", "coordinates": [0, 0]},
    {"type": "Point", "coordinates": [29.55, 106.37]},
    {"type": "Point", "coordinates": None},
    {"type": "MultiPoint", "coordinates": [[106.37, 29.55]]},
    {"type": "LineString", "coordinates": [[106.37, 29.55]]},
    {"type": "LineString", "coordinates": [[106.37, 29.55], [106.37, 29.55]]},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": [[]]},
    {"type": "Polygon", "coordinates": [[[106.37, 29.55]]]},
    {"type": "Polygon", "coordinates": [[[106.37, 29.55], [106.38, 29.55], [106.37, 29.55]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[106.37, 29.55], [106.38, 29.56], [106.38, 29.55], [106.37, 29.56], [106.37, 29.55]]]},
    {"type": "Polygon", "coordinates": [[[-179, -1], [179, -1], [179, 1], [-179, 1], [-179, -1]]]},
    {"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]},
    {"type": "Polygon", "coordinates": [[[0, 90], [90, 90], [180, 90], [0, 90]]]},
    {"type": "Polygon", "coordinates": [[[106.3, 29.5], [106.4, 29.5], [106.4, 29.6], [106.3, 29.5]]] * 3},
    {"type": "Polygon", "coordinates": [[[1e-320, 0], [1e-320, 1e-320], [0, 1e-320], [1e-320, 0]]]},
    {"type": "Polygon", "coordinates": [[[1e308, 0], [-1e308, 1e308], [0, -1e308], [1e308, 0]]]},
    {"type": "MultiPolygon", "coordinates": []},
    {"type": "MultiPolygon", "coordinates": [[[[106.37, 29.55], [106.38, 29.55], [106.38, 29.56], [106.37, 29.55]]]] * 2},
    {"type": "GeometryCollection", "geometries": []},
    {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [106.37, 29.55]}]},
    {"type": "Nothing"},
)  # fmt: skip
"""GeoJSON geometries."""

SETTINGS = (
    "0", "-1", "1", "true", "nan", "inf", "-inf", "1e308", "9" * 30, "9" * 400, "9" * 5000, "0x" + "f" * 5000, "1979-05-27T07:32:00Z",
    "07:32:00", "[]", "[[]]", "{}", "{a = 1}", '""', '"x"', '"../../etc/passwd"', '"/etc/passwd"', r'"\u0000"', r'"a\u0000b.csv"',
    '"EPSG:0"', '"EPSG:999999"', '"gcj02"', '"{path}"', '"<script>"', "'" + LONG + "'", "[" * 500 + "]" * 500, "[1, 'a', {}]",
    "[nan, 15.0]", '["open", 1]', "{ name = 1 }", '{ name = "a" }', "{a." * 50 + "b = 1" + "}" * 50, '"2025-02-30"', '"2025-10-13"',
)  # fmt: skip
"""Values as TOML writes them."""

XML_BOMBS = (
    '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>',
    '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE l SYSTEM "http://localhost:1/x.dtd">',
    "<!DOCTYPE l [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]>",
)

SQL = (
    "UPDATE {t} SET {c} = NULL", "UPDATE {t} SET {c} = 1e999", "UPDATE {t} SET {c} = -1", "UPDATE {t} SET {c} = x'00ff'",
    "UPDATE {t} SET {c} = '<script>'", "UPDATE {t} SET {c} = '=1+1'", "UPDATE {t} SET {c} = 9223372036854775807",
    "UPDATE {t} SET {c} = replace(hex(zeroblob(50000)), '0', 'x')", "UPDATE {t} SET geom = NULL", "UPDATE {t} SET geom = x''",
    "UPDATE {t} SET geom = x'47500001'", "UPDATE {t} SET geom = zeroblob(21)", "UPDATE {t} SET geom = 'POINT(1 2)'",
    "UPDATE {t} SET geom = substr(geom, 1, length(geom) - 3)", "UPDATE {t} SET geom = 5", "UPDATE {t} SET fid = NULL WHERE 0",
    "DELETE FROM {t}", "DROP TABLE {t}", "DELETE FROM gpkg_contents", "DELETE FROM gpkg_geometry_columns", "DELETE FROM gpkg_spatial_ref_sys",
    "UPDATE gpkg_contents SET srs_id = 0", "UPDATE gpkg_geometry_columns SET srs_id = 3857", "UPDATE gpkg_geometry_columns SET srs_id = -1",
    "UPDATE gpkg_contents SET data_type = 'attributes'", "UPDATE gpkg_geometry_columns SET geometry_type_name = 'POLYGON'",
    "UPDATE gpkg_geometry_columns SET column_name = 'x'", "UPDATE gpkg_contents SET table_name = 'sqlite_master'",
    "UPDATE gpkg_spatial_ref_sys SET definition = 'GEOGCS[\"x\"'", "ALTER TABLE {t} ADD COLUMN \"=1+1\" TEXT DEFAULT '@x'",
    "CREATE VIEW v AS SELECT * FROM {t}", "PRAGMA application_id = 0", "PRAGMA user_version = 99999", "UPDATE {t} SET {c} = date('now')",
    "INSERT INTO {t} DEFAULT VALUES",
    "CREATE VIEW endless AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS fid FROM c; "
    "UPDATE gpkg_contents SET table_name = 'endless'; UPDATE gpkg_geometry_columns SET table_name = 'endless'",
)  # fmt: skip
"""Changes of a GeoPackage; ``{t}`` is its table, ``{c}`` a column."""

HOURS = (
    "周一", "周日", "周一至周五", "周二至周日", "每天", "工作日", "双休日", "节假日", "法定节假日", "春节", "夏季", "冬季", "5月-10月", "13月", "每月第一个周一",
    "9:00", "21:00", "9:00-21:00", "上午9点至下午5点半", "早9晚9", "20时至次日2时", "8:30-12:00", "2:00-5:30", "25:00-99:99", "24小时",
    "全天", "闭馆", "休息", "除外", "开放", "照常", "午休12:00-14:00", "另行通知", "(", ")", "（", "）", "，", "；", "、", "。", "\n", " ", " " * 300,
    "-", "—", "~", "至", "到", ":", "Mo", "Tu-Su", "Mo-Fr 09:00-18:00", "PH off", "SH", "24/7", "off", "week 1-53", "easter +1 day",
    "2020-9999", "Jan-Mar", "Mo[1]", "Mo[-1] +5 days", "sunrise-sunset", "(sunrise-01:00)-24:00", "09:00+", '"by appointment"', '"', "||",
    "00:00-48:00", "00:00-24:00/00:01", "九点半", "二十三点", "十" * 50, "9" * 60, "\x00", "\u200b", LONG[:3000], "节假日" * 50, "周一" * 200,
)  # fmt: skip
"""Pieces of opening hours."""
