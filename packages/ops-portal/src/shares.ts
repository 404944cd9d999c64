/** Settings that are shares, and are shown in per cent. */
export const isShare = (key: string) => key === 'slo.availability' || key === 'slo.latency'
