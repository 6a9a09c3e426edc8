// Starts GraphiQL on the page that loaded it; the endpoint stands in the page, so the same file serves every database.
const root = document.getElementById('graphiql');
const fetcher = GraphiQL.createFetcher({ url: root.dataset.endpoint });
ReactDOM.createRoot(root).render(React.createElement(GraphiQL, { fetcher }));
