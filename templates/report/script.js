// Filters, unfolds and finds. Everything that it shows stands in the page already; without it, all is there.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  for (const element of all(".script")) element.hidden = false;

  // The list of changes.
  const rows = all(".change");
  const groups = all(".group").map((element) => ({ element, rows: all(".change", element) }));
  const search = $("#search"), tier = $("#tier"), kind = $("#kind"), part = $("#part"), clear = $("#clear");
  const chips = all(".choices .chip");
  let chosenPart = null;
  const texts = new Map();
  const textOf = (row) => {
    let text = texts.get(row);
    if (text === undefined) texts.set(row, text = `${row.textContent} ${row.dataset.kind}`.toLowerCase());
    return text;
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const actions = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.action));
    let shown = 0;
    for (const group of groups) {
      let some = false;
      for (const row of group.rows) {
        const fits = (actions.size === 0 || actions.has(row.dataset.action))
          && (tier.value === "" || row.dataset.tier === tier.value)
          && (kind.value === "" || row.dataset.kind === kind.value)
          && (chosenPart === null || row.dataset.part === chosenPart)
          && words.every((word) => textOf(row).includes(word));
        row.hidden = !fits;
        if (fits) { shown += 1; some = true; }
      }
      group.element.hidden = !some;
    }
    $("#shown").textContent = `${shown} of ${rows.length} shown`;
    $("#none").hidden = shown > 0;
    clear.hidden = shown === rows.length && search.value === "";
  };
  const setPart = (number, title) => {
    chosenPart = number;
    part.hidden = number === null;
    part.textContent = number === null ? "" : `${title} ×`;
    part.ariaLabel = number === null ? null : `Show all parts again, not only ${title}`;
  };
  const reset = () => {
    search.value = tier.value = kind.value = "";
    for (const chip of chips) chip.ariaPressed = "false";
    setPart(null);
    filter();
  };
  if (search) {
    let waiting = 0;
    search.addEventListener("input", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(filter); });
    for (const select of [tier, kind]) select.addEventListener("change", filter);
    for (const chip of chips) chip.addEventListener("click", () => {
      chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
      filter();
    });
    part.addEventListener("click", () => { setPart(null); filter(); search.focus(); });
    for (const button of [clear, $("#reset")]) button.addEventListener("click", () => { reset(); search.focus(); });
    $("#open").addEventListener("click", () => { for (const row of rows) if (!row.hidden) row.open = true; });
    $("#close").addEventListener("click", () => { for (const row of rows) row.open = false; });
    // What a browser kept in the fields of a page that was left.
    if (search.value || tier.value || kind.value) filter();
  }

  // A link to a change shows it, whatever is filtered.
  const arrive = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("#changes") && (target.hidden || target.closest("[hidden]"))) reset();
    if (target.matches(".change")) {
      target.open = true;
      $("summary", target).focus({ preventScroll: true });
    }
    if (target.matches(".part-card")) $("#parts").open = true;
    target.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", arrive);
  arrive();

  // The drawing: what stands behind a part, and its changes.
  const sides = $(".sides"), panel = $("#focus");
  const drawn = sides ? all("a.part", sides) : [];
  let opener = null;
  const leave = () => {
    if (!panel || panel.hidden) return false;
    panel.hidden = true;
    sides.classList.remove("has-chosen");
    for (const one of drawn) { one.classList.remove("chosen"); one.removeAttribute("aria-current"); }
    if (opener) opener.focus();
    return true;
  };
  const showChanges = (number) => {
    const title = $(`#part-${number} h3`).firstChild.textContent.trim();
    reset();
    setPart(number, title);
    filter();
    clear.hidden = false;
    $("#changes").scrollIntoView();
    search.focus({ preventScroll: true });
  };
  const choose = (link) => {
    opener = link;
    const number = link.dataset.part, card = $(`#part-${number}`);
    sides.classList.add("has-chosen");
    for (const one of drawn) {
      const same = one.dataset.part === number;
      one.classList.toggle("chosen", same);
      if (same) one.setAttribute("aria-current", "true"); else one.removeAttribute("aria-current");
    }
    const head = document.createElement("header"), close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", leave);
    head.append($("h3", card).cloneNode(true), close);
    panel.replaceChildren(head, $("ul", card).cloneNode(true));
    if ($("[data-show]", card) && search) {
      const show = document.createElement("button");
      show.type = "button";
      show.textContent = "Show its changes";
      show.addEventListener("click", () => showChanges(number));
      panel.append(show);
    }
    panel.hidden = false;
    close.focus({ preventScroll: true });
    panel.scrollIntoView({ block: "nearest" });
  };
  for (const link of drawn) {
    link.addEventListener("click", (event) => { event.preventDefault(); choose(link); });
    const twins = (on) => { for (const one of drawn) one.classList.toggle("twin", on && one !== link && one.dataset.part === link.dataset.part); };
    link.addEventListener("pointerenter", () => twins(true));
    link.addEventListener("pointerleave", () => twins(false));
    link.addEventListener("focus", () => twins(true));
    link.addEventListener("blur", () => twins(false));
  }
  for (const button of all("[data-show]")) button.addEventListener("click", () => showChanges(button.dataset.show));

  // Arrow keys: along the list, and over the drawing to what is nearest in that direction.
  const along = (list, from, step) => {
    let at = list.indexOf(from) + step;
    while (list[at] && list[at].hidden) at += step;
    return list[at];
  };
  const nearest = (from, key) => {
    const here = from.getBoundingClientRect(), upright = key === "ArrowUp" || key === "ArrowDown";
    const [near, far, left, right] = upright ? ["top", "bottom", "left", "right"] : ["left", "right", "top", "bottom"];
    const sign = key === "ArrowUp" || key === "ArrowLeft" ? -1 : 1;
    const between = (box) => (box[left] + box[right] - here[left] - here[right]) / 2;
    let best = null, least = Infinity;
    for (const one of all("a.part", from.closest("svg"))) {
      const box = one.getBoundingClientRect();
      const ahead = sign * (box[near] + box[far] - here[near] - here[far]) / 2;
      // What stands in the same column is straight ahead; of two such, the one further left or up.
      const aside = Math.max(0, box[left] - here[right], here[left] - box[right]);
      const way = ahead + 3 * aside + Math.abs(between(box)) / 100 + (between(box) > 0 ? 1 : 0);
      if (ahead > 2 && way < least) { least = way; best = one; }
    }
    return best;
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const active = document.activeElement, typing = active && active.matches("input[type=search], select");
    if (event.key === "/" && !typing && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape") {
      if (leave()) return;
      if (search && (active === search || !clear.hidden || chosenPart !== null)) {
        const empty = search.value === "";
        event.preventDefault();
        reset();
        if (empty && active === search) search.blur();
      }
    } else if (event.key.startsWith("Arrow") && active) {
      let next = null;
      if (active.matches("a.part")) next = nearest(active, event.key);
      else if (event.key === "ArrowDown" && active === search) next = rows.find((row) => !row.hidden);
      else if (active.matches(".change > summary") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        next = along(rows, active.parentElement, event.key === "ArrowDown" ? 1 : -1) || (event.key === "ArrowUp" ? search : null);
      } else if (active.matches(".change > summary")) {
        active.parentElement.open = event.key === "ArrowRight";
        event.preventDefault();
      }
      if (next) {
        event.preventDefault();
        (next.matches(".change") ? $("summary", next) : next).focus();
      }
    }
  });

  // Paper shows everything; afterwards the page is as it was.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; closed = []; });
})();
