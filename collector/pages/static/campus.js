// Filters the matrix, and fetches the page anew now and then so that an open page does not grow old.
"use strict";

const REFRESH_MILLISECONDS = 15000;

function applyFilters() {
  const name = document.querySelector('[data-filter="name"]');
  const state = document.querySelector('[data-filter="state"]');
  if (!name || !state) return;
  for (const row of document.querySelectorAll("tr[data-name]")) {
    const named = row.dataset.name.toLowerCase().includes(name.value.trim().toLowerCase());
    const stated = !state.value || row.dataset.states.split(" ").includes(state.value);
    row.hidden = !(named && stated);
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    const shown = document.querySelector("[data-live]");
    if (!fresh || !shown || shown.contains(document.activeElement)) return;
    const open = [...shown.querySelectorAll("details")].map((details) => details.open);
    const values = [...shown.querySelectorAll("[data-filter]")].map((control) => control.value);
    const scrolled = [...shown.querySelectorAll(".scroll")].map((region) => [region.scrollLeft, region.scrollTop]);
    shown.replaceChildren(...fresh.childNodes);
    shown.querySelectorAll("details").forEach((details, at) => { if (at < open.length) details.open = open[at]; });
    shown.querySelectorAll("[data-filter]").forEach((control, at) => { if (at < values.length) control.value = values[at]; });
    shown.querySelectorAll(".scroll").forEach((region, at) => { [region.scrollLeft, region.scrollTop] = scrolled[at] || [0, 0]; });
    applyFilters();
  } catch {
    // The collector is away for a moment; the page keeps showing what it had, with its time.
  }
}

document.addEventListener("input", applyFilters);
setInterval(refresh, REFRESH_MILLISECONDS);
