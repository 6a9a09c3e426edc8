import { asOf, DEFAULT_DATABASE_CONFIG, emptyDb, pull, pullMany, q, resolveEntityId, withTx } from '../../engine/index.ts';
import { kw } from '../../schema/keyword.ts';
import { createApp } from '../../gateway/http.ts';
import { WORLD_SCHEMA } from './world.ts';
import http from 'node:http';
let db = emptyDb(DEFAULT_DATABASE_CONFIG);
db=(await withTx(db,WORLD_SCHEMA)).dbAfter;
const m=(o:any)=>new Map(Object.entries(o).map(([k,v])=>[k==='id'?kw('db/id'):kw(k),v]));
const N=250,C=20000; const tx:any[]=[];
for(let i=0;i<N;i++)tx.push(m({id:`c${i}`,'country/cca2':`X${i}`,'country/name':`Country ${i}`,'country/languages':[`L${i%40}`,`M${i%7}`],'country/borders':[`c${(i+1)%N}`,`c${(i+7)%N}`,`c${(i*3)%N}`].filter((x,j,a)=>a.indexOf(x)===j)}));
for(let i=0;i<C;i++)tx.push(m({id:`t${i}`,'city/name':`City ${i}`,...(i%50?{'city/population':(i*7919)%3000000}:{}),'city/country':`c${i%N}`}));
let t0=performance.now();
db=(await withTx(db,tx as any)).dbAfter; console.log('load ms',performance.now()-t0);
const snap=(d:any):any=>({basisTx:d.maxTx,attributes:d.schema.userAttributes,asOf:(p:any)=>snap(asOf(d,p)),entityId:(r:any)=>resolveEntityId(d,r),q:(qq:any,i:any=[])=>q(qq,d,...i),pull:(p:any,e:any)=>pull(d,p,e),pullMany:(p:any,e:any)=>pullMany(d,p,e),count:async()=>0});
const s=snap(db);
const {app}=await createApp({databases:new Map([['world',{reader:{snapshot:async()=>s,current:()=>s,onAdvance:()=>()=>{}},writer:{} as any}]]),defaultDatabase:'world',development:true,log:{error:(e:any)=>console.log(e),info(){},debug(){}} as any});
const server=app.listen(0); const port=(server.address() as any).port; const agent=new http.Agent({keepAlive:true});
const post=(query:string):Promise<any>=>new Promise((res,rej)=>{const r=http.request({port,path:'/graphql',method:'POST',agent,headers:{'content-type':'application/json'}},(x)=>{let b='';x.on('data',c=>b+=c);x.on('end',()=>res(JSON.parse(b)));});r.on('error',rej);r.end(JSON.stringify({query}));});
const qs:Record<string,string>={
 typename:'{__typename}',
 point:'{country(by:{cca2:"X7"}){name}}',
 top10:'{cityConnection(first:10,orderBy:[{population:DESC}],where:{country:{borders:{some:{cca2:{eq:"X7"}}}}}){nodes{name population country{name languages}}}}',
 top10all:'{cityConnection(first:10,orderBy:[{population:DESC}]){nodes{name population}}}',
 plain10:'{cityConnection(first:10){nodes{name}}}',
 count:'{cityConnection{totalCount}}',
 eq:'{cityConnection(where:{name:{eq:"City 77"}}){nodes{name country{name}}}}',
 range:'{cityConnection(first:20,where:{population:{gt:2990000}}){nodes{name}}}',
 twokeys:'{cityConnection(first:10,orderBy:[{country:{name:ASC}},{population:DESC}],where:{country:{borders:{some:{cca2:{eq:"X7"}}}}}){nodes{name}}}',
 nested:'{countryConnection(first:50){nodes{name _cityByCountry(first:3,orderBy:[{population:DESC}]){totalCount nodes{name}}}}}',
 inlist:'{cityConnection(where:{name:{in:["City 1","City 2","City 3"]}}){nodes{name}}}',
};
for(const [n,query] of Object.entries(qs)){ const r=await post(query); if(r.errors)console.log(n,JSON.stringify(r.errors)); for(let i=0;i<5;i++)await post(query); const reps=n==='count'||n==='plain10'||n==='top10all'||n==='nested'?10:50; t0=performance.now(); for(let i=0;i<reps;i++)await post(query); console.log(n.padEnd(10),((performance.now()-t0)/reps).toFixed(2),'ms'); }
const first=await post('{cityConnection(first:10,orderBy:[{population:DESC}]){pageInfo{endCursor}}}');
const c=first.data.cityConnection.pageInfo.endCursor; t0=performance.now(); for(let i=0;i<10;i++)await post(`{cityConnection(first:10,after:"${c}",orderBy:[{population:DESC}]){nodes{name}}}`); console.log('page2',((performance.now()-t0)/10).toFixed(2));
server.close(); process.exit(0);
