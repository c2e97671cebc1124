"""One claim about a report, looked at in headless Chromium: page.py CLAIM FILE.

A claim is a function below; it fails with an assertion. Pages that complain, ask somebody for something or
lack a name for those who do not see fail whatever the claim is.
"""

import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (360, 768, 1280)
SCHEMES = ("light", "dark")


class Report:
    """A report, opened."""

    def __init__(self, browser, address):
        self.browser = browser
        self.address = address
        self.complaints = []

    def open(self, width=1280, scheme="light", scripts=True, fragment=""):
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", self.asked)
        page.goto(self.address + fragment)
        return page

    def asked(self, request):
        if request.url.split("#")[0] != self.address:
            self.complaints.append(f"request: {request.url}")


def until(page, condition):
    """Waits until a condition holds. Playwright's own waiting evaluates it in the page, whose policy forbids that."""
    for _ in range(1500):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never: {condition}")


def shown(page):
    return page.locator(".change:visible").count()


def told(page):
    return page.locator("#shown").inner_text()


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.parentElement.id")


def search_narrows_and_says_how_many(report):
    page = report.open()
    every = page.locator(".change").count()
    assert told(page) == f"{every} of {every} shown", told(page)
    page.fill("#search", "DATABASE param")
    until(page, "!document.getElementById('clear').hidden")
    some = shown(page)
    assert 0 < some < every, some
    assert told(page) == f"{some} of {every} shown", told(page)
    for text in page.locator(".change:visible").evaluate_all("all => all.map(one => one.textContent.toLowerCase())"):
        assert "database" in text and "param" in text, text
    page.fill("#search", "no such thing at all")
    page.wait_for_selector("#none:visible")
    assert shown(page) == 0 and page.locator(".group:visible").count() == 0
    page.click("#reset")
    assert shown(page) == every


def filters_narrow_together(report):
    page = report.open()
    page.click(".chip.delete")
    deletes = shown(page)
    assert deletes == page.locator(".change[data-action=delete]").count() > 0
    assert page.locator(".chip.delete").get_attribute("aria-pressed") == "true"
    page.select_option("#tier", "monitoring")
    both = shown(page)
    assert both == page.locator(".change[data-action=delete][data-tier=monitoring]").count()
    assert 0 < both < deletes
    page.select_option("#kind", "AWS::RDS::DBInstance")
    assert shown(page) == 0 and page.locator("#none").is_visible()
    page.click("#clear")
    assert shown(page) == page.locator(".change").count()
    page.click(".chip.create")
    page.click(".chip.delete")
    either = page.locator(".change[data-action=delete], .change[data-action=create]").count()
    assert shown(page) == either


def a_change_unfolds_to_what_was_and_what_will_be(report):
    page = report.open()
    change = page.locator(".change.changed:has(del):has(ins)").first
    change.scroll_into_view_if_needed()
    assert not change.locator("del").first.is_visible()
    change.locator("summary").click()
    assert change.locator("del").first.is_visible() and change.locator("ins").first.is_visible()
    assert change.locator(".why").is_visible()
    page.click("#open")
    assert page.locator(".change:not([open])").count() == 0
    page.click("#close")
    assert page.locator(".change[open]").count() == 0


def a_link_opens_the_change_whatever_is_filtered(report):
    page = report.open()
    page.fill("#search", "no such thing at all")
    page.wait_for_selector("#none:visible")
    link = page.locator(".risk a").first
    row = link.get_attribute("href").lstrip("#")
    link.click()
    page.wait_for_selector(f"#{row}[open]:visible")
    again = report.open(fragment=f"#{row}")
    assert again.locator(f"#{row}[open]").is_visible()


def a_part_of_the_drawing_tells_what_stands_behind_it(report):
    page = report.open()
    part = page.locator(".side.after svg.wide a.part", has_text="Load Balancer")
    part.click()
    panel = page.locator("#focus")
    assert panel.is_visible() and "alb" in panel.inner_text()
    chosen = page.locator("a.part.chosen:visible").evaluate_all("all => all.map(one => one.dataset.part)")
    assert set(chosen) == {part.get_attribute("data-part")}, chosen
    panel.get_by_role("button", name="Show its changes").click()
    rows = page.locator(".change:visible").evaluate_all("all => all.map(one => one.dataset.part)")
    assert rows and set(rows) == set(chosen), rows
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    page.keyboard.press("Escape")
    assert shown(page) == page.locator(".change").count()


def before_and_after_can_be_seen_alone(report):
    page = report.open()
    before, after = page.locator(".side.before"), page.locator(".side.after")
    assert before.is_visible() and after.is_visible()
    page.locator("#show-before").check()
    assert before.is_visible() and not after.is_visible()
    page.locator("#show-after").check()
    assert not before.is_visible() and after.is_visible()


def all_of_it_can_be_done_with_keys(report):
    page = report.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    assert focused(page) == "search"
    page.keyboard.type("alb")
    until(page, "!document.getElementById('clear').hidden")
    page.keyboard.press("ArrowDown")
    first, second = page.locator(".change:visible").evaluate_all("all => all.slice(0, 2).map(one => one.id)")
    assert focused(page) == first, focused(page)
    page.keyboard.press("ArrowDown")
    assert focused(page) == second, focused(page)
    page.keyboard.press("Enter")
    assert page.locator(f"#{second}").get_attribute("open") is not None
    page.keyboard.press("ArrowLeft")
    assert page.locator(f"#{second}").get_attribute("open") is None
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert focused(page) == "search", focused(page)
    page.keyboard.press("Escape")
    assert page.input_value("#search") == "" and shown(page) == page.locator(".change").count()
    # Over the drawing, from the names down to the balancer, and back out of what opens there.
    page.locator(".side.after svg.wide a.part").first.focus()
    for _ in range(20):
        if "Load Balancer" in page.evaluate("document.activeElement.textContent"):
            break
        page.keyboard.press("ArrowDown")
    assert "Load Balancer" in page.evaluate("document.activeElement.textContent")
    outline = page.evaluate("getComputedStyle(document.activeElement.querySelector('.card')).strokeWidth")
    assert outline == "3px", outline
    page.keyboard.press("Enter")
    assert page.locator("#focus").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#focus").is_visible()
    assert "Load Balancer" in page.evaluate("document.activeElement.textContent")


def every_stop_of_the_tab_key_can_be_seen(report):
    page = report.open(width=768)
    stops = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        stop = page.evaluate("""() => {
            const active = document.activeElement;
            if (active === document.body) return null;
            const card = active.matches('a.part') ? active.querySelector('.card') : active.matches('input[type=radio]') ? active.nextElementSibling : active;
            const style = getComputedStyle(card), box = active.getBoundingClientRect();
            return {name: active.textContent.trim().slice(0, 40) + active.id, inside: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
                marked: style.outlineStyle !== 'none' || style.strokeWidth === '3px'};
        }""")
        if stop is None:
            break
        assert stop["inside"] and stop["marked"], stop
        stops.add(stop["name"])
    assert len(stops) > 20, stops


def no_page_is_wider_than_its_window(report):
    for width in WIDTHS:
        page = report.open(width=width)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{wide} at {width}"
        outside = page.evaluate("""() => [...document.querySelectorAll('main *')]
            .filter((one) => !one.closest('.visually-hidden, .tall, [hidden]') && getComputedStyle(one).position !== 'absolute')
            .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => one.outerHTML.slice(0, 90)).slice(0, 3)""")
        assert not outside, f"at {width}: {outside}"
        drawn = page.locator("svg.drawing:visible").count()
        assert drawn == page.locator(".side").count(), f"{drawn} drawings at {width}"


def text_in_the_drawing_stays_in_its_box(report):
    for width in WIDTHS:
        page = report.open(width=width)
        page.wait_for_selector("svg.drawing:visible")
        outside = page.evaluate("""() => [...document.querySelectorAll('svg.drawing a.part')].filter((part) => part.checkVisibility()).flatMap((part) => {
            const card = part.querySelector('.card').getBoundingClientRect();
            return [...part.querySelectorAll('text')].filter((text) => {
                const box = text.getBoundingClientRect();
                return box.left < card.left - 1 || box.right > card.right + 1 || box.bottom > card.bottom + 2;
            }).map((text) => text.textContent);
        })""")
        assert not outside, f"at {width}: {outside}"


def axe_finds_nothing(report):
    for width, scheme in ((1280, "light"), (360, "dark")):
        page = report.open(width=width, scheme=scheme)
        page.evaluate("for (const one of [...document.querySelectorAll('details')].slice(0, 12)) one.open = true")
        links = page.locator("a.part:visible")
        if links.count():
            links.first.click()
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme} {width}: {found.generate_report()}"


def on_paper_everything_is_there_and_nothing_can_be_pressed(report):
    page = report.open(width=768)
    every = page.locator(".change").count()
    page.fill("#search", "alb")
    page.locator("#show-after").check()
    page.emulate_media(media="print")
    assert shown(page) == every
    for control in (".filters", "nav", ".which", "button", ".skip"):
        visible = [one for one in page.locator(control).all() if one.is_visible()]
        assert not visible, control
    folded = page.evaluate("""() => [...document.querySelectorAll('.change .body, .part-list')]
        .filter((one) => one.getBoundingClientRect().height === 0).length""")
    assert folded == 0, f"{folded} are folded"
    for side in page.locator(".side").all():
        assert side.is_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)", background


def without_scripts_all_of_it_can_be_read(report):
    page = report.open(scripts=False)
    assert not page.locator(".filters").is_visible()
    assert shown(page) == page.locator(".change").count() > 0
    change = page.locator(".change:has(ins)").first
    change.locator("summary").click()
    assert change.locator("ins").first.is_visible()
    page.locator("svg.wide a.part").first.click()
    page.wait_for_selector(".part-card:visible")


def the_timeline_tells_each_step(report):
    page = report.open(width=360)
    steps = page.locator("#timeline .step")
    assert steps.count() > 5
    for step in steps.all():
        text = step.inner_text()
        assert "about" in text and "until" in text, text
    marks = page.locator("#timeline .steps > li.no-return")
    assert marks.count() >= 1 and "rollback" in marks.first.inner_text()
    page.locator("#timeline .jump a").first.click()
    target = page.evaluate("location.hash.slice(1)")
    assert page.locator(f"#{target} .change").first.is_visible()


def hostile_names_are_text(report):
    page = report.open()
    counts = page.evaluate("""() => Object.fromEntries(['script', 'img', 'iframe', 'style', 'meta[http-equiv]', 'base', 'form:not(.filters)']
        .map((what) => [what, document.querySelectorAll(what).length]))""")
    assert counts == {"script": 1, "img": 0, "iframe": 0, "style": 1, "meta[http-equiv]": 1, "base": 0, "form:not(.filters)": 0}, counts
    text = page.evaluate("document.body.textContent")
    for name in ('"><img src=x onerror=alert(1)>', "</script><script>alert(2)</script>", "{{constructor}}", "{{{raw}}}", "⟨U+202E⟩", "␛"):
        assert name in text, name
    assert "\u202e" not in page.content() and "\x1b" not in page.content()
    attributes = page.evaluate("""() => [...document.querySelectorAll('main *')].flatMap((one) => [...one.attributes])
        .filter((one) => one.name.startsWith('on')).map((one) => one.name)""")
    assert attributes == [], attributes
    page.fill("#search", "desrever")
    until(page, "document.getElementById('shown').textContent.startsWith('2 of')")


def ten_thousand_changes_stay_usable(report):
    page = report.open()
    assert page.locator(".change").count() == 10_000
    page.fill("#search", "subnet[77]")
    until(page, "document.getElementById('shown').textContent === '1 of 10000 shown'")
    # What is not looked at is not laid out.
    page.fill("#search", "")
    until(page, "document.getElementById('clear').hidden")
    laid_out = page.evaluate("[...document.querySelectorAll('.change code')].slice(0, 3000).filter((one) => one.checkVisibility({contentVisibilityAuto: true})).length")
    assert laid_out < 1000, laid_out
    drawn = page.locator("svg.drawing.wide a.part").count()
    assert drawn < 20, drawn


def nothing_to_do_says_so(report):
    page = report.open()
    assert "Nothing to do" in page.locator("#summary").inner_text()
    assert page.locator(".side").count() == 1 and "As it is" in page.locator(".side").inner_text()
    assert page.locator("svg.drawing:visible .mark").evaluate_all("all => all.map(one => one.textContent).join('')") == ""


def main():
    claim, file = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        report = Report(browser, Path(file).resolve().as_uri())
        globals()[claim](report)
        browser.close()
    assert not report.complaints, report.complaints


if __name__ == "__main__":
    main()
