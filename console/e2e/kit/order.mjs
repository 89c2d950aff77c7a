// An order as diners key it on the telephone, and what a caller hears of one.

/** Keys an order like the last one of this member, for delivery to the saved address, and hangs up when it is confirmed. */
export async function keysOrder(stage, from = '13800138000') {
  // Keyed ahead by somebody who knows the way: order, that member, the same as last time.
  const diner = stage.diner(from, { keys: '111' })
  await diner.hearsPrompt('order.sum_keys', 60_000)
  await committed(diner, '#')
  // Delivery, to the saved address, as soon as possible, on this number.
  await committed(diner, '111#')
  await diner.hearsPrompt('final.confirm', 60_000)
  await committed(diner, '#')
  await diner.hearsPrompt('final.done', 30_000)
  diner.hangUp()
}

/** Rings again, asks what became of the order, and hears this. */
export async function asksAfterOrder(stage, prompt, from = '13800138000') {
  const diner = stage.diner(from, { keys: '2' })
  await diner.hearsPrompt(prompt, 60_000)
  diner.hangUp()
}

/** Nodes that commit are deaf for their first moment. */
export async function committed(caller, keys) {
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  caller.press(keys)
}
