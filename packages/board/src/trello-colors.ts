export const grey = '#8b949e'

const hues: Record<string, [plain: string, light: string, dark: string]> = {
  green: ['#4bce97', '#baf3db', '#1f845a'],
  yellow: ['#f5cd47', '#f8e6a0', '#946f00'],
  orange: ['#fea362', '#fedec8', '#c25100'],
  red: ['#f87168', '#ffd5d2', '#c9372c'],
  purple: ['#9f8fef', '#dfd8fd', '#6e5dc6'],
  blue: ['#579dff', '#cce0ff', '#0c66e4'],
  sky: ['#6cc3e0', '#c6edfb', '#227d9b'],
  teal: ['#6cc3e0', '#c6edfb', '#227d9b'],
  lime: ['#94c748', '#d3f1a7', '#5b7f24'],
  pink: ['#e774bb', '#fdd0ec', '#ae4787'],
  magenta: ['#e774bb', '#fdd0ec', '#ae4787'],
  black: ['#8590a2', '#dcdfe4', '#626f86'],
  gray: ['#8590a2', '#dcdfe4', '#626f86'],
}
const all = new Map(
  Object.entries(hues).flatMap(([name, [plain, light, dark]]) => [
    [name, plain],
    [`${name}_light`, light],
    [`${name}_dark`, dark],
  ]),
)

/** A colour of Trello's as CSS writes it; grey for none, undefined for one that is not known. */
export const colorOf = (name: string) => (name === '' || name === 'none' ? grey : all.get(name))
