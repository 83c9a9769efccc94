"""Somebody who has a keyboard and nothing else."""

import re
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

_FURTHEST = 150  # presses of Tab, after which nobody looks on

# What of the focused element is drawn around it, or nothing: then nobody sees where they are.
_RING = """() => {
    const focused = document.activeElement
    if (!focused || focused === document.body) return 'nowhere'
    const style = getComputedStyle(focused)
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
    return outlined ? 'seen' : focused.outerHTML.slice(0, 200)
}"""
_IS_FOCUSED = "each => each === document.activeElement"


@dataclass
class Hands:
    """Presses keys. Whatever Tab leads to must be seen to have the focus."""

    page: Page

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Write into what has the focus, instead of what is there."""
        await self.press("Control+a")
        await self.page.keyboard.type(text)

    async def reach(self, target: Locator) -> None:
        """Go to this by Tab, as often as it takes."""
        await expect(target).to_be_enabled()
        for _ in range(_FURTHEST):
            if await target.evaluate(_IS_FOCUSED):
                return
            await self.press("Tab")
            ring = await self.page.evaluate(_RING)
            assert ring in ("seen", "nowhere"), f"The focus is not seen on {ring}"
        raise AssertionError(f"Tab does not lead to {target}")

    async def use(self, role: str, name: str, *, within: Locator | None = None) -> None:
        """Go to the first button or link that is called so, and press Enter."""
        where = within or self.page.locator("body")
        found = where.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
        await self.reach(found)
        await self.press("Enter")

    async def fill(self, **texts: str) -> None:
        """Write into the fields with these names."""
        for name, text in texts.items():
            await self.reach(self.page.locator(f"[name={name}]"))
            await self.type(text)

    async def command(self, words: str, meant: str) -> None:
        """Have done what the palette offers first for these words."""
        await self.press("Control+k")
        box = self.page.get_by_role("dialog").get_by_role("combobox")
        await expect(box).to_be_focused()
        await self.page.keyboard.type(words)
        chosen = self.page.get_by_role("dialog").get_by_role("option", selected=True)
        await expect(chosen).to_have_text(re.compile(f"^{meant}"))
        await self.press("Enter")
