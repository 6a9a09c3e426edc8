// Starts Swagger UI on the page that loaded it. A gateway that wants a token gets the one that the reader gives, which the tab keeps.
const root = document.getElementById('docs');
const TOKEN = 'datahike-gateway-token';

const withToken = (headers) => {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? headers : { ...headers, Authorization: `Bearer ${token}` };
};

async function load() {
  const response = await fetch(root.dataset.document, { headers: withToken({}) });
  if (response.status === 401 || response.status === 403) return askForToken();
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
  });
}

function askForToken() {
  const form = document.createElement('form');
  const label = document.createElement('label');
  const input = document.createElement('input');
  label.textContent = 'Token ';
  input.type = 'password';
  input.name = 'token';
  input.autocomplete = 'off';
  label.append(input);
  form.append(label);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, input.value);
    root.replaceChildren();
    load();
  });
  root.replaceChildren(form);
}

load();
