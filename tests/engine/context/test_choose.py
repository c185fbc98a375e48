"""Which pieces of other files are chosen for a place, and in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.context.choose import Chosen, Place, choose, companions
from fimble.engine.context.files import HeldFiles
from fimble.engine.context.plan import LARGE, NOTHING, SMALL_BYTES, Plan, plan_for
from fimble.engine.types import Snippet

MODELS = '''from .base import Base
LIMIT = 10

class Order(Base):
    """An order."""
    total: int = 0

    def ship(self, address: str, express: bool = False) -> None:
        self.total = 1

    def cancel(self):
        pass

def find_order(number: int) -> Order:
    return Order()

def unrelated(): ...
'''
SHOP = """import os
from .models import Order, find_order

def send(number):
    order = find_order(number)
    order.ship("""
DEFINITIONS, SIMILAR, OUTLINES = Plan(2_000, 2_000, 0, 0), Plan(2_000, 0, 2, 0), Plan(2_000, 0, 0, 3)


def files(**texts: str) -> HeldFiles:
    return HeldFiles(
        Snippet(path.replace("__", "/").replace("_py", ".py"), text) for path, text in texts.items()
    )


def chosen(prefix: str, plan: Plan, held: HeldFiles, *opened: str, path: str = "a/shop.py") -> list[Chosen]:
    return list(choose(Place(path, prefix, "\n", "python", opened), held, plan))


class TestDefinitions:
    def test_signatures_of_what_is_used_from_imported_files(self) -> None:
        (one,) = chosen(SHOP, DEFINITIONS, files(a__models_py=MODELS, a__other_py=MODELS))
        assert (one.snippet.path, one.reason) == ("a/models.py", "definitions")
        assert one.snippet.text == (
            "class Order(Base):\n"
            "    def ship(self, address: str, express: bool = False) -> None:\n"
            "def find_order(number: int) -> Order:\n"
        )
        assert set(one.about.split(", ")) == {"ship", "find_order"}

    def test_a_class_that_is_used_shows_its_members(self) -> None:
        (one,) = chosen(
            "from .models import Order\n\norder = Order(\n", DEFINITIONS, files(a__models_py=MODELS)
        )
        assert one.snippet.text == (
            "class Order(Base):\n    total: int = 0\n"
            "    def ship(self, address: str, express: bool = False) -> None:\n    def cancel(self):\n"
        )

    def test_names_that_are_defined_here_need_no_other_file(self) -> None:
        here = "from .models import Order\ndef find_order(number): ...\n\nfind_order(\n"
        assert chosen(here, DEFINITIONS, files(a__models_py=MODELS)) == []

    def test_what_is_only_imported_is_not_used(self) -> None:
        assert (
            chosen("from .models import (\n    Order,\n    find_order,\n)\n", DEFINITIONS,
                   files(a__models_py=MODELS)) == []
        )  # fmt: skip

    def test_members_of_a_class_that_is_not_named_do_not_count(self) -> None:
        assert chosen("from . import models\n\nx.cancel(\n", DEFINITIONS, files(a__models_py=MODELS)) == []

    def test_files_that_only_gather_are_followed(self) -> None:
        held = files(b____init___py="from .models import *\n", b__models_py=MODELS)
        held = HeldFiles(
            [Snippet("b/__init__.py", "from .models import *\n"), Snippet("b/models.py", MODELS)]
        )
        (one,) = chosen("from b import find_order\n\nfind_order(", DEFINITIONS, held)
        assert one.snippet == Snippet("b/models.py", "def find_order(number: int) -> Order:\n")

    def test_the_file_whose_name_stands_nearest_comes_last(self) -> None:
        held = files(a__m_py="def one(): ...\n", a__n_py="def two(): ...\n")
        prefix = "from .m import one\nfrom .n import two\n\n"
        first = [each.snippet.path for each in chosen(prefix + "one()\ntwo()\n", DEFINITIONS, held)]
        assert first == ["a/m.py", "a/n.py"]
        second = [each.snippet.path for each in chosen(prefix + "two()\none()\n", DEFINITIONS, held)]
        assert second == ["a/n.py", "a/m.py"]


class TestSimilar:
    LOOP = (
        "for number in range(limit):\n    total += weight[number] * value[number]\n    print(total, number)\n"
    )

    def test_the_window_that_has_most_in_common_with_what_follows_it(self) -> None:
        filler = "".join(f"filler_{n} = {n}\n" for n in range(40))
        text = filler + self.LOOP + "after_the_loop = 1\n" + filler
        (one,) = chosen(self.LOOP, SIMILAR, files(b__x_py=text, b__y_py=filler), "b/y.py", "b/x.py")
        assert (one.snippet.path, one.reason) == ("b/x.py", "similar")
        assert "after_the_loop = 1\n" in one.snippet.text
        assert one.snippet.text.count("\n") <= 20

    def test_closed_files_of_the_folder_count_too(self) -> None:
        assert [each.snippet.path for each in chosen(self.LOOP, SIMILAR, files(a__z_py=self.LOOP))] == [
            "a/z.py"
        ]

    def test_a_window_is_cut_at_a_line_s_end_to_what_there_is_room_for(self) -> None:
        room = len(self.LOOP) - 1
        plan = Plan(2_000, 0, 1, 0, window_characters=room)
        (one,) = chosen(self.LOOP, plan, files(a__z_py=self.LOOP))
        assert one.snippet.text == self.LOOP[: self.LOOP.index("\n", self.LOOP.index("total")) + 1]

    def test_what_is_not_alike_does_not_help(self) -> None:
        assert chosen(self.LOOP, SIMILAR, files(b__x_py=MODELS), "b/x.py") == []


class TestOutlines:
    def test_open_files_of_the_language_imported_ones_nearest(self) -> None:
        held = HeldFiles(
            Snippet(path, f"def {path[:3]}(): pass\n") for path in ("zoo.py", "ant.py", "bee.py", "cat.js")
        )
        paths = ["bee.py", "cat.js", "zoo.py", "ant.py"]
        for opened in (paths, paths[::-1]):
            made = chosen("import zoo\n\nx = ", OUTLINES, held, *opened, path="main.py")
            assert [each.snippet.path for each in made] == ["bee.py", "ant.py", "zoo.py"]

    def test_the_companion_of_a_file_although_it_is_closed(self) -> None:
        held = files(tests__test_shop_py="def test_send(): pass\n")
        (one,) = chosen("x = ", OUTLINES, held, path="shop.py")
        assert one.snippet == Snippet("tests/test_shop.py", "def test_send(): pass\n")


def test_companions() -> None:
    assert "src/list.h" in companions("src/list.c")
    assert "src/list.test.ts" in companions("src/list.ts")
    assert "src/list.ts" in companions("src/list.test.ts")
    assert "src/list.py" in companions("src/tests/test_list.py")


@given(
    st.lists(st.tuples(st.sampled_from(["a/b.py", "a/c.py", "d.py"]), st.text("abc(.)\n =:", max_size=200))),
    st.text("abcdef(.)\n =:", max_size=200),
    st.integers(0, 300),
)
def test_bounded_and_the_same_each_time(texts: list[tuple[str, str]], prefix: str, room: int) -> None:
    held = HeldFiles(Snippet(path, f"def {path[-4]}bc():\n{text}") for path, text in texts)
    plan = Plan(room, room, 2, 2, 0.1)
    opened = tuple(dict.fromkeys(path for path, _ in texts))
    place = Place("a/x.py", "from .b import *\n" + prefix, "", "python", opened)
    first = choose(place, held, plan)
    assert first == choose(place, held, plan)
    assert sum(len(each.snippet.text) for each in first) <= room
    assert len({each.snippet.path for each in first}) == len(first)


def test_plans_go_by_the_size_of_the_model() -> None:
    assert plan_for(SMALL_BYTES) == NOTHING
    assert plan_for(SMALL_BYTES + 1) == plan_for(None) == LARGE
