package org.qsd4j.schema.model;

import java.util.List;

/** A member of an object, or an argument of a command. */
public record Member(String name, TypeRef type, boolean optional, List<Feature> features, String doc) {}
