"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  // -- light and dark -----------------------------------------------------------------------------

  const themes = { "": "as the system", light: "light", dark: "dark" };
  const theme = byId("rt-theme");
  const nameTheme = () => { theme.textContent = `Theme: ${themes[document.documentElement.dataset.theme ?? ""]}`; };
  theme.addEventListener("click", () => {
    const names = Object.keys(themes);
    const next = names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length];
    if (next) document.documentElement.dataset.theme = next; else delete document.documentElement.dataset.theme;
    try { localStorage.setItem("ringtrue-theme", next); } catch { /* then it holds for this visit */ }
    nameTheme();
  });
  nameTheme();

  const form = byId("rt-filters");
  if (!form) return; // a run that gave no result
  const search = byId("rt-search"), about = byId("rt-about"), shown = byId("rt-shown");
  const boxes = { verdict: all('input[name="verdict"]', form), level: all('input[name="level"]', form) };
  const rows = "#results-table tbody:has(.rt-mark)";
  const clauses = new Map(all(".rt-box").map((box) => [box.dataset.clause, box]));

  // -- the filter, and the address that holds it --------------------------------------------------

  const state = () => {
    const query = new URLSearchParams();
    for (const [kind, list] of Object.entries(boxes)) {
      const on = list.filter((box) => box.checked).map((box) => box.value);
      if (on.length < list.length) query.set(kind, on.join(","));
    }
    if (about.value !== "all") query.set("about", about.value);
    if (search.value.trim()) query.set("text", search.value.trim());
    return query;
  };

  const restore = (query) => {
    for (const [kind, list] of Object.entries(boxes)) {
      const wanted = query.get(kind)?.split(",");
      if (wanted) list.forEach((box) => { box.checked = wanted.includes(box.value); });
    }
    const subject = query.get("about");
    if (subject && [...about.options].some((option) => option.value === subject)) about.value = subject;
    search.value = (query.get("text") ?? "").slice(0, 200);
  };

  const remember = () => {
    const query = state();
    const sort = new URLSearchParams(location.search).get("sort");
    if (sort && sort !== "original") query.set("sort", sort);
    const words = query.toString();
    replace(`${location.pathname}${words ? `?${words}` : ""}${location.hash}`);
  };

  const replaceState = history.replaceState.bind(history);
  const replace = (address) => { try { replaceState(null, "", address); } catch { /* a page in a frame may have no address */ } };
  // pytest-html keeps its order in the address too, an entry of the history each time and without escapes: here only the order is taken.
  history.pushState = (_state, _title, address) => {
    const sort = /[?&]sort=(\w+)/.exec(String(address))?.[1];
    const query = new URLSearchParams(location.search);
    if (sort) query.set("sort", sort);
    replace(`${location.pathname}?${query}${location.hash}`);
  };

  const facts = (item) => (item.matches("tbody") ? clauses.get(item.id) : item)?.dataset;

  const filter = () => {
    const wanted = Object.fromEntries(Object.entries(boxes).map(([kind, list]) => [kind, new Set(list.filter((b) => b.checked).map((b) => b.value))]));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (item) => {
      const own = facts(item);
      if (!own) return true;
      const low = own.text.toLowerCase();
      return wanted.verdict.has(own.verdict) && wanted.level.has(own.level) && words.every((word) => low.includes(word))
        && (about.value === "all" || own.about.split("|").includes(about.value));
    };
    const show = (selector) => {
      const items = all(selector);
      return [items.filter((item) => { const fit = fits(item); item.classList.toggle("rt-out", !fit); return fit; }).length, items.length];
    };
    const [found, allFound] = show(".rt-finding");
    const [kept, allKept] = show(".rt-box");
    show(".rt-line");
    show(rows);
    for (const outer of [".rt-row", ".rt-group"]) {
      all(outer).forEach((part) => part.classList.toggle("rt-out", !part.querySelector(".rt-box:not(.rt-out)")));
    }
    all(".rt-glance").forEach((table) => table.classList.toggle("rt-out", !table.querySelector(".rt-line:not(.rt-out)")));
    const words_ = `${found} of ${allFound} findings, ${kept} of ${allKept} clauses`;
    if (shown.textContent !== words_) shown.textContent = words_;
    byId("rt-all").disabled = state().size === 0;
  };

  const changed = () => { filter(); remember(); };
  const clear = () => { form.reset(); changed(); };

  // -- links into the page ------------------------------------------------------------------------

  const reveal = () => {
    all(".rt-here").forEach((item) => item.classList.remove("rt-here"));
    let target = null;
    try { target = byId(decodeURIComponent(location.hash.slice(1))); } catch { /* no address of ours */ }
    if (!target || target.id === "") return;
    if (target.closest(".rt-out")) clear();
    for (let part = target; part; part = part.parentElement) if (part.matches("details")) part.open = true;
    if (target.matches(".rt-finding, tbody")) {
      target.classList.add("rt-here");
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    }
    target.scrollIntoView({ block: "start" });
  };

  // Nothing that is linked to may end up behind the filters, however many lines they take.
  new ResizeObserver(() => {
    const sticks = getComputedStyle(form).position === "sticky";
    document.documentElement.style.scrollPaddingTop = sticks ? `${form.offsetHeight + 12}px` : "";
  }).observe(form);

  // -- copying ------------------------------------------------------------------------------------

  const copy = async (button) => {
    const words = button.parentElement.querySelector("code").textContent;
    let done = false;
    try {
      await navigator.clipboard.writeText(words);
      done = true;
    } catch {
      const area = document.createElement("textarea");
      area.value = words;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = done ? "Copied" : "Select and copy";
    byId("rt-said").textContent = done ? "Copied." : "It could not be copied.";
    setTimeout(() => { button.textContent = "Copy"; byId("rt-said").textContent = ""; }, 1500);
  };

  // -- pytest-html's table ------------------------------------------------------------------------

  const drawn = () => {
    all("#results-table th.sortable").forEach((head) => {
      head.tabIndex = 0;
      const asc = head.classList.contains("asc"), desc = head.classList.contains("desc");
      head.setAttribute("aria-sort", asc ? "ascending" : desc ? "descending" : "none");
    });
    all(rows).forEach((row) => {
      const link = document.createElement("a");
      link.href = `#${row.id}`;
      link.textContent = row.id;
      row.querySelector(".col-testId").replaceChildren(link);
    });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".rt-copy");
    if (button) copy(button);
    const link = event.target.closest?.('a[href^="#"]');
    if (link && link.getAttribute("href") === location.hash) setTimeout(reveal); // the same address again changes nothing by itself
    const row = event.target.closest?.("#results-table tbody");
    if (row?.querySelector(".rt-mark")) event.stopPropagation();
  }, true);

  document.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("#results-table th.sortable")) {
      event.preventDefault();
      const kind = event.target.dataset.columnType;
      event.target.click();
      document.querySelector(`#results-table th[data-column-type="${kind}"]`)?.focus();
    }
    const typing = event.target.matches?.("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    if (event.key === "Escape" && event.target === search && search.value) { search.value = ""; changed(); }
  });

  // On paper everything is open but what a plot shows anyway.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all("details:not([open], .rt-as-numbers)");
    closed.forEach((part) => { part.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((part) => { part.open = false; }));

  restore(new URLSearchParams(location.search));
  filter();
  document.addEventListener("DOMContentLoaded", () => {
    form.addEventListener("input", changed);
    byId("rt-all").addEventListener("click", () => { clear(); search.focus(); });
    form.addEventListener("submit", (event) => event.preventDefault());
    new MutationObserver((changes) => {
      if (changes.some((change) => [...change.addedNodes].some((node) => node.id === "results-table"))) { drawn(); filter(); remember(); }
    }).observe(byId("rt-main"), { childList: true });
    window.addEventListener("hashchange", reveal);
    drawn();
    filter();
    remember();
    reveal();
  });
})();
