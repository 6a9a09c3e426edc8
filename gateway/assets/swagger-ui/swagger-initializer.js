// Starts Swagger UI on the page that loaded it. Where a token is wanted, for the document or for an operation, the reader is asked for one, which
// the tab keeps.
const root = document.getElementById('swagger-ui');
const { document: DOCUMENT = './swagger.json', scheme: SCHEME = 'token' } = root.dataset;
const TOKEN = 'datahike-gateway-token';

const withToken = (headers) => {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? headers : { ...headers, Authorization: `${SCHEME} ${token}` };
};

async function load() {
  const response = await fetch(DOCUMENT, { headers: withToken({}) });
  if (response.status === 401 || response.status === 403) return askForToken(load);
  const spec = await response.json();
  if (!response.ok) {
    root.textContent = spec.detail ?? response.statusText;
    return;
  }
  SwaggerUIBundle({
    spec,
    domNode: root,
    deepLinking: true,
    docExpansion: 'none',
    validatorUrl: null,
    requestInterceptor: (request) => ({ ...request, headers: withToken(request.headers) }),
    responseInterceptor: (answer) => {
      if (answer.status === 401) askForToken(() => undefined);
      return answer;
    },
  });
}

function askForToken(proceed) {
  if (document.forms.namedItem('token') !== null) return;
  const form = document.createElement('form');
  const label = document.createElement('label');
  const input = document.createElement('input');
  form.name = 'token';
  label.textContent = 'Token ';
  input.type = 'password';
  input.name = 'token';
  input.autocomplete = 'off';
  label.append(input);
  form.append(label);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, input.value);
    form.remove();
    proceed();
  });
  root.before(form);
  input.focus();
}

load();
