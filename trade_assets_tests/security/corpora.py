"""What an attacker would write where a name or a reason is asked for."""

XSS = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>', "'><b onmouseover=alert(1)>", "<iframe src=javascript:alert(1)>", "--><script>alert(1)</script>",
    "<!--", "]]><x>", "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "javascript:alert(1)",
    "{{7*7}}", "{% raw %}", "${7*7}", "<a href='//evil'>x</a>", "&lt;script&gt;", "\u2028alert(1)", "<ſcript>", "<x\u0000y>",
    '" autofocus onfocus=alert(1) x="', "`onerror=alert(1)`", "<base href=//evil>", "<meta http-equiv=refresh content=0>",
)  # fmt: skip
SQL = (
    "'; DROP TABLE ledger_entries; --", "' OR '1'='1", '" OR ""="', "1; DELETE FROM ledger_entries", "x'); VACUUM; --",
    "admin'--", "' UNION SELECT sql FROM sqlite_master --", "%' AND 1=1 --", "\\'; SELECT 1 --", "'' || (SELECT 1) || ''",
    "NULL", "Robert'); DROP TABLE Students;--", "%s %(x)s :x ?", "$1", "1/**/OR/**/1=1", "'; PRAGMA writable_schema=1; --",
    "0x27", "ünï'cödé", "';ATTACH DATABASE 'x.db' AS x;--", "/* */",
)  # fmt: skip
FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil","x")', "=IMPORTXML(A1)", "\t=1+1", "\r=1+1",
    "\n=1+1", "=DDE(A1)", "-2+3+cmd|' /C calc'!A0", "@evil", "+A1", '="x"', "=WEBSERVICE(A1)", " =1+1", "=1;=2", '"=1+1"', "=A1,=B1",
    "x\n=1+1", "x\r\n=1+1", "＝1+1", "＠SUM(A1)",
)  # fmt: skip
ALL = XSS + SQL + FORMULAS
