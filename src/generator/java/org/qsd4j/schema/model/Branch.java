package org.qsd4j.schema.model;

/** A branch of a union (selected by the discriminator's value) or of an alternate (selected by the JSON type). */
public record Branch(String name, TypeRef type, String doc) {}
