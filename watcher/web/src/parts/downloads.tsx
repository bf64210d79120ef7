// The same heaps as files, for the tools people know.
import { useState } from 'preact/hooks'
import { address, type Parameters } from '../api'
import { outside } from '../prefix'

export function Downloads({ pair, isSnapshot = false }: { pair: Parameters; isSnapshot?: boolean }) {
  const path = isSnapshot ? '/api/v1/snapshot' : '/api/v1/diff'
  const [isCopied, setIsCopied] = useState(false)
  const pprof = address(path, isSnapshot ? { target: pair.target, t: pair.t, format: 'pprof' } : { ...pair, format: 'pprof' })
  const command = `go tool pprof -http=: '${window.location.origin}${outside(pprof)}'`
  const file = `diff-${pair.t0}-${pair.t1}`
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command)
      setIsCopied(true)
      window.setTimeout(() => setIsCopied(false), 2000)
    } catch {
      window.prompt('Copy this command:', command)
    }
  }
  return (
    <div class="downloads" role="group" aria-label="Downloads">
      <span>Download</span>
      <a class="button small" href={pprof} download>pprof</a>
      {!isSnapshot && <>
        <a class="button small" href={address(path, { ...pair, format: 'svg' })} download={`${file}.svg`}>SVG</a>
        <a class="button small" href={address(path, { ...pair, format: 'folded' })} download={`${file}.folded.txt`}>folded</a>
        <a class="button small" href={address(path, { ...pair, format: 'text' })} target="_blank" rel="noopener">text</a>
      </>}
      <button type="button" class="small" title={command} onClick={copy}>{isCopied ? 'copied' : 'copy pprof command'}</button>
    </div>
  )
}
