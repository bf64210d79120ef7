// The path under which the page is served, "" or "/heap": behind a proxy, or with --web.route-prefix. All addresses in the
// views begin at the page's own root; what leaves the page gets the prefix here.
import { options } from 'preact'

// The scripts lie in <prefix>/assets/. (Told in two steps: vite takes the address in one for a file to be packed.)
const script = import.meta.url
export const prefix = new URL('..', script).pathname.replace(/\/$/, '')

export const outside = (address: string) => prefix + address
export const inside = (pathname: string) => pathname.startsWith(prefix + '/') ? pathname.slice(prefix.length) : pathname

// Links, too, so that they can be copied and opened elsewhere.
const before = options.vnode
options.vnode = (vnode) => {
  const props = vnode.props as { href?: unknown }
  if (vnode.type === 'a' && typeof props.href === 'string' && props.href.startsWith('/')) props.href = outside(props.href)
  before?.(vnode)
}
