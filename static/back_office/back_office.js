// Keys, dialogs and pages that refresh themselves. No framework, no inline handlers.
"use strict";

const POLL_SECONDS = 5;
const QUEUE_SECONDS = 15;

// Until the next frame the focus stays in a dialog that was just closed.
const isTyping = (target) =>
  !target.closest("dialog:not([open])") &&
  (target.isContentEditable ||
    target.matches("textarea, select, input:not([type=radio], [type=checkbox])"));

const openDialog = () => document.querySelector("dialog[open]");

function show(name) {
  const dialog = document.getElementById(name);
  if (!dialog || openDialog()) return;
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden]):not(:disabled), button")?.focus();
}

// --- Links from letters -------------------------------------------------------------
// The token stands behind "#", so that no server sees it before the form is sent.
function takeTokenFromAddress() {
  const field = document.querySelector("form[data-by-link] input[name=token]");
  if (!field || !location.hash) return;
  field.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}

// --- Tabs ---------------------------------------------------------------------------
// On a phone a row of them is longer than the screen; only the row itself moves.
function showCurrentTabs() {
  for (const tab of document.querySelectorAll(".am-views > [aria-current]")) {
    const row = tab.parentElement;
    row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }
}

// --- Keys ---------------------------------------------------------------------------
function moveRow(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const here = rows.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : here + step;
  const row = rows[Math.min(Math.max(next, 0), rows.length - 1)];
  row.focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function keyInDialog(event, dialog) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    dialog.querySelector("form")?.requestSubmit();
    return true;
  }
  if (isTyping(event.target) || !/^[1-9]$/.test(event.key)) return false;
  const chips = dialog.querySelectorAll(".am-chip input");
  const chip = chips[Number(event.key) - 1];
  if (!chip) return false;
  chip.checked = true;
  chip.focus();
  return true;
}

function keyOnPage(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const key = event.key.toLowerCase();
  for (const bound of document.querySelectorAll("[data-key]")) {
    if (bound.dataset.key.split(" ").includes(key) && !bound.disabled) {
      bound.click();
      return true;
    }
  }
  if (key === "j") return moveRow(1);
  if (key === "k") return moveRow(-1);
  if (key === "?") return show("help") ?? true;
  return false;
}

document.addEventListener("keydown", (event) => {
  const dialog = openDialog();
  if (dialog) {
    if (keyInDialog(event, dialog)) event.preventDefault();
  } else if (!isTyping(event.target) && keyOnPage(event)) {
    event.preventDefault();
  }
});

// --- Dialogs and forms ---------------------------------------------------------------
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) show(opener.dataset.opens);
  if (event.target.closest("[data-closes]")) openDialog()?.close();
  if (event.target.closest("[data-prints]")) window.print();
});

// What is shown once is selected, and copied where the browser allows it (HTTPS).
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  field.select();
  if (!navigator.clipboard) return;
  await navigator.clipboard.writeText(field.value);
  button.querySelector("span:last-child").textContent = button.dataset.copied;
});

// A second press of a button would ask twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button:not([type=button])")) {
    button.setAttribute("aria-busy", "true");
  }
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
  }
});

// --- Pages that refresh themselves ---------------------------------------------------
async function fetchPart(url) {
  const answer = await fetch(url, {
    headers: { "X-Requested-With": "fetch" },
    redirect: "error",
  });
  return answer.status === 200 ? await answer.text() : null;
}

async function refreshTransaction() {
  const live = document.querySelector("[data-live]");
  if (!live || document.hidden || openDialog()) return;
  const seen = encodeURIComponent(live.dataset.version);
  const html = await fetchPart(`${live.dataset.live}?version=${seen}`);
  if (html !== null && !openDialog()) live.outerHTML = html;
}

async function refreshQueue() {
  const rows = document.querySelector("[data-refresh]");
  if (!rows || document.hidden || openDialog()) return;
  const html = await fetchPart(rows.dataset.refresh);
  if (html === null) return;
  const focused = document.activeElement?.id;
  rows.outerHTML = html;
  if (focused) document.getElementById(focused)?.focus();
}

function everySeconds(seconds, refresh) {
  // A lost connection is tried again at the next turn.
  setInterval(() => refresh().catch(() => {}), seconds * 1000);
}

document.addEventListener("DOMContentLoaded", () => {
  takeTokenFromAddress();
  // Words grow when their font comes.
  document.fonts.ready.then(showCurrentTabs);
  const wrong = document.querySelector(".am-field--wrong input, .am-field--wrong select");
  // The page is hidden while it loads, so the browser's own autofocus comes to nothing.
  const first =
    wrong ?? document.querySelector("[autofocus], .am-new input[type=radio]:checked");
  first?.focus();
  if (document.querySelector("[data-live]")) everySeconds(POLL_SECONDS, refreshTransaction);
  if (document.querySelector("[data-refresh]")) everySeconds(QUEUE_SECONDS, refreshQueue);
});
