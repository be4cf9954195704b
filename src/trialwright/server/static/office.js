// Every page works without this script; it spares a second press and brings errors into view.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 8000);
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

const summary = document.getElementById("error-summary");
if (summary) summary.focus();

// A field named in the error summary gets the focus, also when it is a group of choices.
document.querySelectorAll(".error-summary a").forEach((link) => {
  link.addEventListener("click", (event) => {
    const named = document.getElementById(link.hash.slice(1));
    const first = named && named.matches("fieldset") ? named.querySelector("input") : named;
    if (first) {
      event.preventDefault();
      first.focus();
      first.scrollIntoView({ block: "center" });
    }
  });
});
