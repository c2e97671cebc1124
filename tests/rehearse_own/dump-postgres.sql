--
-- PostgreSQL database dump
--

\restrict Kq3xJd0wUo8mYbT5cZ1nAeVfRgHsLiPt

-- Dumped from database version 17.6
-- Dumped by pg_dump version 17.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: goods; Type: TABLE; Schema: public; Owner: shopkeeper
--

CREATE TABLE public.goods (
    id integer NOT NULL,
    name text NOT NULL,
    price numeric(10,2)
);


ALTER TABLE public.goods OWNER TO shopkeeper;

--
-- Name: goods_id_seq; Type: SEQUENCE; Schema: public; Owner: shopkeeper
--

CREATE SEQUENCE public.goods_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE public.goods_id_seq OWNER TO shopkeeper;

ALTER SEQUENCE public.goods_id_seq OWNED BY public.goods.id;

ALTER TABLE ONLY public.goods ALTER COLUMN id SET DEFAULT nextval('public.goods_id_seq'::regclass);

--
-- Data for Name: goods; Type: TABLE DATA; Schema: public; Owner: shopkeeper
--

COPY public.goods (id, name, price) FROM stdin;
1	tea\tgreen	4.50
2	\\N is no null	\N
3	ALTER TABLE public.goods OWNER TO nobody;	1.00
\.

SELECT pg_catalog.setval('public.goods_id_seq', 3, true);

ALTER TABLE ONLY public.goods
    ADD CONSTRAINT goods_pkey PRIMARY KEY (id);

\unrestrict Kq3xJd0wUo8mYbT5cZ1nAeVfRgHsLiPt
