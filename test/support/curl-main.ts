/** `node curl-main.ts -s …`: stands for `curl` where a page is executed, because not every machine has one. */
import { readCurl } from './curl.ts';
import { sendRequest } from './send-request.ts';

const { url, ...sent } = readCurl(process.argv.slice(2));
const { text } = await sendRequest(url, sent);
process.stdout.write(text);
