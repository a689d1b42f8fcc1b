"""A class: students with a link, and a teacher with a page that no student sees."""

from __future__ import annotations

import csv
import io
import json
import pathlib
import re
import urllib.error
import urllib.request

import pytest

from tests.browser.served import button, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTIONS = [
    {"text": "What is the rheobase of RS1?", "answer": 60, "unit": "pA", "tolerance": 10},
    {"text": "Which cell <b>adapts</b>?", "answer": "RS1", "choices": ["RS1", "FS1"]},
]
EVIL = "<img src=x onerror=alert(1)>"


def status_of(url: str, cookie: str = "") -> int:
    """Return how a server answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Cookie": cookie})) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.fixture
def school(serve, tmp_path):
    """Return the students' link, and the teacher's."""
    path = tmp_path / "questions.json"
    path.write_text(json.dumps(QUESTIONS), encoding="utf-8", newline="\n")
    server = serve(
        "--class",
        f"--questions={path}",
        "--token=for-students",
        f"--scratch={tmp_path / 'class'}",
        "--warm=0",
    )
    told = re.search(r"teacher's page is in (\S+),", server.log.read_text(encoding="utf-8"))
    assert told, server.log.read_text(encoding="utf-8")
    key = pathlib.Path(told[1])
    assert key.stat().st_mode & 0o077 == 0
    return f"{server.url}?token=for-students", key.read_text(encoding="utf-8").strip()


def test_the_teacher_sees_who_is_where_and_students_do_not(school, opened, browser):
    students, teacher = school
    student = opened(students)
    student.locator(".efe-questions").wait_for()
    name = student.get_by_placeholder("Your name, for your teacher")
    name.fill(EVIL)
    name.press("Enter")
    first = student.locator(".efe-questions .efe-question").first
    first.locator("input").fill("55")
    first.locator("input").press("Enter")
    first.get_by_text("Right!").wait_for()
    button(student, "Rheobase").click()

    page = opened(teacher, at_once=False)
    assert "key=" not in page.url
    row = page.locator("tbody tr")
    until(lambda: "at Rheobase" in row.inner_text() and "✓" in row.inner_text())
    assert row.locator("th").inner_text() == EVIL
    assert page.locator("img, b").count() == 0
    assert "1 here now" in page.locator("main").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all answers").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [(one["name"], one["step"], one["answer"], one["verdict"]) for one in rows] == [
        (EVIL, "3", "55", "right"),
        (EVIL, "3", "", ""),
    ]

    student.reload()
    first.get_by_text("Right!").wait_for()
    assert first.locator("input").input_value() == "55"

    place = teacher.partition("?")[0]
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in student.context.cookies())
    assert "teacher" not in cookies
    for url in (
        place,
        f"{place}?token=for-students",
        f"{place}?key=for-students",
        f"{place}answers.csv",
        place[:-1],
    ):
        assert status_of(url, cookies) == 403, url
    assert status_of(teacher.partition("teacher")[0], "") == 200  # the form for the token, and nothing else
    student.close(run_before_unload=True)
    until(lambda: "0 here now" in page.locator("main").inner_text())


def test_a_teacher_s_key_opens_no_student_s_page(school):
    students, teacher = school
    key = teacher.partition("key=")[2]
    place = students.partition("?")[0]
    with urllib.request.urlopen(f"{place}?token={key}") as answer:
        assert "kernelId" not in answer.read().decode()
