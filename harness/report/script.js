"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.getElementById("rt-filters");
  const search = document.getElementById("rt-search");
  const shown = document.getElementById("rt-shown");

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
    }
    button.textContent = done ? "Copied" : "Select and copy";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };

  const facts = (item) => {
    if (item.dataset.verdict) return [item.dataset.verdict, item.dataset.level, item.dataset.text];
    const cell = (name) => item.querySelector(`.col-${name}`);
    const word = (name) => (cell(name)?.lastChild?.textContent || "").trim().split(/\s+/).pop();
    return [word("verdict"), word("level"), item.textContent];
  };

  const filter = () => {
    const wanted = { verdict: new Set(), level: new Set() };
    all("input[data-kind]:checked", form).forEach((box) => wanted[box.dataset.kind].add(box.value));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const subject = document.getElementById("rt-subject").value.trim();
    const subjects = Object.fromEntries(all(".rt-box").map((box) => [box.dataset.clause, box.dataset.subject || ""]));
    const isAbout = (item) => !subject || (item.dataset.subject ?? subjects[item.id] ?? "") === subject;
    const fits = (item) => {
      const [verdict, level, text] = facts(item);
      const low = text.toLowerCase();
      return wanted.verdict.has(verdict) && wanted.level.has(level) && isAbout(item) && words.every((word) => low.includes(word));
    };
    const show = (selector) => {
      const items = all(selector);
      const visible = items.filter((item) => { const fit = fits(item); item.classList.toggle("rt-out", !fit); return fit; });
      return [visible.length, items.length];
    };
    const [findings, allFindings] = show(".rt-finding");
    const [clauses, allClauses] = show(".rt-box");
    show("#results-table tbody:has(.rt-mark)");
    all(".rt-row").forEach((row) => row.classList.toggle("rt-out", !row.querySelector(".rt-box:not(.rt-out)")));
    all(".rt-group").forEach((group) => group.classList.toggle("rt-out", !group.querySelector(".rt-box:not(.rt-out)")));
    shown.textContent = `${findings} of ${allFindings} findings, ${clauses} of ${allClauses} clauses shown`;
  };

  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    all(".rt-here").forEach((item) => item.classList.remove("rt-here"));
    if (!target) return;
    if (target.closest(".rt-out")) { form.reset(); filter(); }
    target.closest("details:not([open])")?.setAttribute("open", "");
    target.classList.add("rt-here");
    target.scrollIntoView({ block: "start" });
  };

  const sortByKey = () => all("#results-table th.sortable").forEach((head) => {
    head.tabIndex = 0;
    const asc = head.classList.contains("asc"), desc = head.classList.contains("desc");
    head.setAttribute("aria-sort", asc ? "ascending" : desc ? "descending" : "none");
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".rt-copy");
    if (button) copy(button);
    const row = event.target.closest?.("#results-table tbody");
    if (row?.querySelector(".rt-mark")) event.stopPropagation();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest?.("input, select, textarea")) {
      event.preventDefault();
      search.focus();
      return;
    }
    if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("#results-table th.sortable")) {
      event.preventDefault();
      event.target.click();
    }
  });

  // pytest-html's page has no landmarks; readers of the screen jump by them.
  const landmarks = () => {
    document.documentElement.lang = "en";
    const main = document.createElement("main");
    document.body.prepend(main);
    main.append(...["title", "results-table"].map((id) => document.getElementById(id)));
    main.insertBefore(document.querySelector("body > .summary"), main.lastChild);
    document.querySelector("footer").prepend(document.querySelector("body > p"));
    return main;
  };

  document.addEventListener("DOMContentLoaded", () => {
    const main = landmarks();
    form.hidden = false;
    all(".rt-copy").forEach((button) => { button.hidden = false; });
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    form.addEventListener("submit", (event) => event.preventDefault());
    new MutationObserver((changes) => {
      if (changes.some((change) => [...change.addedNodes].some((node) => node.id === "results-table"))) { sortByKey(); filter(); }
    }).observe(main, { childList: true });
    window.addEventListener("hashchange", reveal);
    sortByKey();
    filter();
    reveal();
  });
})();
