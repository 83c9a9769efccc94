"""What several events are told as, at once."""

import pytest

from graph.answers import Answers


@pytest.fixture
def answers() -> Answers:
    answers = Answers(6)
    answers.add(7, b'{"data":7}')
    answers.add(9, b'{"data":9}')
    return answers


def test_a_websocket_is_told_each_event_in_a_message_of_its_own(answers: Answers) -> None:
    seven = b'\x81\x2d{"id":"a","type":"next","payload":{"data":7}}'
    nine = b'\x81\x2d{"id":"a","type":"next","payload":{"data":9}}'
    assert answers.frames("a") == seven + nine
    assert answers.frames('"') == (seven + nine).replace(b'"a"', rb'"\""').replace(b"\x2d", b"\x2e")


def test_a_stream_is_told_each_event_in_a_chunk_of_its_own(answers: Answers) -> None:
    chunks = answers.chunks.split(b"\r\n")
    assert [int(size, 16) for size in chunks[:-1:2]] == [len(body) for body in chunks[1::2]]
    assert [b'"data":7' in chunks[1], b'"data":9' in chunks[3]] == [True, True]


def test_who_has_seen_some_is_told_the_others(answers: Answers) -> None:
    assert [answers.past(seen).numbers for seen in (5, 6, 7, 8)] == [[7, 9], [7, 9], [9], [9]]
    assert answers.past(8).frames("a") == answers.frames("a")[len(answers.frames("a")) // 2 :]
    assert answers.past(6) is answers, "what is encoded once is not copied"
