"use strict";
(() => {
  const form = document.getElementById("rt-filters");
  const rows = [...document.querySelectorAll(".rt-matrix tr[id]")];
  const differ = document.getElementById("rt-differ");
  const search = document.getElementById("rt-search");
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = (!differ.checked || row.dataset.differs) && words.every((word) => row.dataset.text.includes(word));
      row.classList.toggle("rt-out", !fits);
      shown += fits ? 1 : 0;
    }
    for (const body of document.querySelectorAll(".rt-matrix tbody:has(tr[id])")) {
      body.classList.toggle("rt-out", !body.querySelector("tr[id]:not(.rt-out)"));
    }
    document.getElementById("rt-shown").textContent = `${shown} of ${rows.length} clauses shown`;
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
