/** A page of a list has some kilobytes, a list without pages of thousands some megabytes. */
const maxJsonBytes = 32 * 1024 * 1024;

/** The body as text. Throws where it goes on further than any reply of an API does. */
export async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxJsonBytes) throw new Error(`the reply has more than ${maxJsonBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
