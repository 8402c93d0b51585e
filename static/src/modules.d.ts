/** What the build turns into text. */
declare module "*.svg" {
  const text: string;
  export default text;
}
