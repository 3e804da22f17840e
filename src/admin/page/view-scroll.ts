/**
 * Parts that scroll by themselves can be scrolled with the keyboard: they take the focus while
 * something of them is hidden, and are no stop for it otherwise. WCAG 2.2, 2.1.1.
 */

export function makeScrollersReachable(): void {
  for (const scroller of document.querySelectorAll<HTMLElement>('[data-label]')) {
    const hides = scroller.scrollWidth > scroller.clientWidth || scroller.scrollHeight > scroller.clientHeight
    if (hides === scroller.hasAttribute('tabindex')) continue
    if (hides) {
      scroller.tabIndex = 0
      if (scroller.tagName === 'DIV') scroller.setAttribute('role', 'group')
      scroller.setAttribute('aria-labelledby', scroller.dataset.label ?? '')
    } else {
      for (const name of ['tabindex', 'role', 'aria-labelledby']) scroller.removeAttribute(name)
    }
  }
}
