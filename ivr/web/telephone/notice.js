/** A quiet notification while another window is in front. It says that it rings, and nothing about who. */

export class Notice {
  constructor() {
    this.shown = null;
  }

  /** @param {string} words */
  show(words) {
    this.hide();
    if (document.hidden && globalThis.Notification?.permission === "granted") {
      this.shown = new Notification(words, { tag: "telephone", silent: true, requireInteraction: true });
      this.shown.onclick = () => window.focus();
    }
  }

  hide() {
    this.shown?.close();
    this.shown = null;
  }
}
