// A desktop notification while it rings: one per call, replaced by its tag.
let shown: Notification | null = null

export function askToNotify() {
  if (typeof Notification !== 'undefined' && Notification.permission === 'default') void Notification.requestPermission().catch(() => {})
}

export function notify(title: string, body: string, tag: string) {
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return
  try {
    shown?.close()
    shown = new Notification(title, { body, tag, requireInteraction: true })
    shown.onclick = () => {
      window.focus()
      shown?.close()
    }
  } catch {
    // Some browsers allow notifications from workers only.
  }
}

export function endNotification() {
  shown?.close()
  shown = null
}
