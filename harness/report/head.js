"use strict";
// Before anything is drawn: scripts run here, and the reader's choice of light or dark.
document.documentElement.classList.add("rt-js");
try {
  const theme = localStorage.getItem("ringtrue-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* a page without storage follows the system */ }
